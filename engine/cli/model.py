"""`harken model`: what a bundle is, and whether it is whole."""

import click

from ..model import Bundle
from .options import model_option

TUNED = "rescoring weights tuned on"
"""How the sentence begins that tuning adds to the provenance; the last one tells of the weights that are used."""


@click.command()
@click.option("--verify", is_flag=True, help="Read every file and compare its SHA-256.")
@model_option
def model(verify: bool, model: str | None) -> None:
    """Describe a model bundle: name, version, licences, decoding options, files."""
    bundle = Bundle.load(model)
    if verify:
        bundle.verify()
    click.echo(f"{bundle.name} {bundle.version} ({bundle.language}), {len(bundle.units)} units")
    click.echo(str(bundle.folder))
    for name, size in bundle.sizes.items():
        click.echo(f"  {name:<22} {size / 1e6:7.2f} MB{'  whole' if verify else ''}")
    if bundle.on_the_fly:
        click.echo("  the search composes the graph with first_pass.safetensors on the fly")
    tuned = [place for place, step in enumerate(bundle.provenance) if step.startswith(TUNED)]
    for place, step in enumerate(bundle.provenance):
        if place not in tuned[:-1]:
            click.echo(f"  {step}")
    for what, licence in bundle.licences.items():
        click.echo(f"  {what}: {licence}")
    for name in bundle.decoding.__dataclass_fields__:
        value = getattr(bundle.decoding, name)
        if value is not None:
            click.echo(f"  {name} = {value:g}")
