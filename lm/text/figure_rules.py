"""Every rule for figures, in the order in which they are applied: a date before a fraction before a number."""

from typing import Final

from .date_rules import DATE_RULES
from .money_rules import MONEY_RULES
from .number_rules import MEASURE_RULES, NUMBER_RULES
from .rule import Rule
from .telephone_rules import TELEPHONE_RULES

FIGURE_RULES: Final[tuple[Rule, ...]] = TELEPHONE_RULES + MEASURE_RULES + MONEY_RULES + DATE_RULES + NUMBER_RULES
