"""The features again, slowly: one number after another, in double precision, straight from Kaldi's definitions."""

import cmath
import math

EPSILON = 2.0**-23


def mirror(position, total):
    while position < 0 or position >= total:
        position = -position - 1 if position < 0 else 2 * total - 1 - position
    return position


def frame_count(samples, options):
    if options.snip_edges:
        frames = 0
        while frames * options.shift + options.length <= samples:
            frames += 1
        return frames
    frames = 0
    while frames * options.shift + options.shift - options.shift // 2 <= samples:
        frames += 1
    return frames


def window(options):
    n = options.length
    values = []
    for i in range(n):
        a = 2 * math.pi * i / (n - 1)
        values.append(
            {
                "povey": (0.5 - 0.5 * math.cos(a)) ** 0.85,
                "hamming": 0.54 - 0.46 * math.cos(a),
                "hanning": 0.5 - 0.5 * math.cos(a),
                "sine": math.sin(a / 2),
                "rectangular": 1.0,
                "blackman": options.blackman_coeff
                - 0.5 * math.cos(a)
                + (0.5 - options.blackman_coeff) * math.cos(2 * a),
            }[options.window_type]
        )
    return values


def log_energy(frame):
    return math.log(max(sum(value * value for value in frame), EPSILON))


def windowed_frames(samples, options):
    """Return (frame, raw log energy, windowed log energy) for each frame."""
    shape = window(options)
    found = []
    for number in range(frame_count(len(samples), options)):
        begin = number * options.shift
        if not options.snip_edges:
            begin += options.shift // 2 - options.length // 2
        frame = [32768.0 * samples[mirror(begin + i, len(samples))] for i in range(options.length)]
        if options.remove_dc_offset:
            mean = sum(frame) / len(frame)
            frame = [value - mean for value in frame]
        raw = log_energy(frame)
        c = options.preemphasis_coefficient
        frame = [frame[i] - c * frame[max(i - 1, 0)] for i in range(options.length)]
        frame = [value * weight for value, weight in zip(frame, shape, strict=True)]
        found.append((frame, raw, log_energy(frame)))
    return found


def power_spectrum(frame, size):
    powers = []
    for k in range(size // 2 + 1):
        total = sum(value * cmath.exp(-2j * math.pi * (k * i % size) / size) for i, value in enumerate(frame))
        powers.append(abs(total) ** 2)
    return powers


def mel(frequency):
    return 1127.0 * math.log(1.0 + frequency / 700.0)


def warp_frequency(frequency, options, low, high):
    warp = options.vtln_warp
    upper = options.vtln_high if options.vtln_high >= 0 else options.sample_frequency / 2 + options.vtln_high
    if frequency < low or frequency > high:
        return frequency
    left, right = options.vtln_low * max(1.0, warp), upper * min(1.0, warp)
    if frequency < left:
        return low + (left / warp - low) / (left - low) * (frequency - low)
    if frequency < right:
        return frequency / warp
    return high + (high - right / warp) / (high - right) * (frequency - high)


def mel_filters(options):
    """Return the filters as lists of weights, one for each frequency below Nyquist's."""
    nyquist = options.sample_frequency / 2
    low = options.low_freq
    high = options.high_freq if options.high_freq > 0 else nyquist + options.high_freq
    step = (mel(high) - mel(low)) / (options.num_mel_bins + 1)
    filters = []
    for number in range(options.num_mel_bins):
        edges = [mel(low) + (number + i) * step for i in range(3)]
        if options.vtln_warp != 1.0:
            edges = [mel(warp_frequency(700.0 * (math.exp(e / 1127.0) - 1.0), options, low, high)) for e in edges]
        left, centre, right = edges
        weights = []
        for k in range(options.fft_size // 2):
            m = mel(k * options.sample_frequency / options.fft_size)
            if not left < m < right:
                weights.append(0.0)
            elif m <= centre:
                weights.append((m - left) / (centre - left))
            else:
                weights.append((right - m) / (right - centre))
        filters.append(weights)
    return filters


def fbank(samples, options):
    rows = []
    filters = mel_filters(options)
    for frame, raw, windowed in windowed_frames(samples, options):
        spectrum = power_spectrum(frame, options.fft_size)
        if not options.use_power:
            spectrum = [math.sqrt(value) for value in spectrum]
        row = [sum(w * p for w, p in zip(weights, spectrum[:-1], strict=True)) for weights in filters]
        if options.use_log_fbank:
            row = [math.log(max(value, EPSILON)) for value in row]
        if options.use_energy:
            energy = floored(raw if options.raw_energy else windowed, options)
            row = [*row, energy] if options.htk_compat else [energy, *row]
        rows.append(row)
    return rows


def floored(energy, options):
    return max(energy, math.log(options.energy_floor)) if options.energy_floor > 0 else energy


def mfcc(samples, options):
    rows = []
    filters = mel_filters(options)
    bins, q = options.num_mel_bins, options.cepstral_lifter
    for frame, raw, windowed in windowed_frames(samples, options):
        spectrum = power_spectrum(frame, options.fft_size)[:-1]
        energies = [sum(w * p for w, p in zip(weights, spectrum, strict=True)) for weights in filters]
        logs = [math.log(max(value, EPSILON)) for value in energies]
        row = []
        for k in range(options.num_ceps):
            value = sum(x * math.cos(math.pi * k * (n + 0.5) / bins) for n, x in enumerate(logs))
            value *= math.sqrt((2.0 if k else 1.0) / bins)
            row.append(value * (1.0 + 0.5 * q * math.sin(math.pi * k / q)) if q else value)
        if options.use_energy:
            row[0] = floored(raw if options.raw_energy else windowed, options)
        if options.htk_compat:
            row = [*row[1:], row[0] if options.use_energy else row[0] * math.sqrt(2.0)]
        rows.append(row)
    return rows


def deltas(features, order, window_size):
    """Return the features with their differences appended; edge frames repeat."""
    filters = [{0: 1.0}]
    for _ in range(order):
        norm = sum(j * j for j in range(-window_size, window_size + 1))
        grown = {}
        for place, weight in filters[-1].items():
            for j in range(-window_size, window_size + 1):
                grown[place + j] = grown.get(place + j, 0.0) + weight * j / norm
        filters.append(grown)
    rows = []
    for t in range(len(features)):
        row = []
        for weights in filters:
            for d in range(len(features[t])):
                total = 0.0
                for place, weight in weights.items():
                    total += weight * features[min(max(t + place, 0), len(features) - 1)][d]
                row.append(total)
        rows.append(row)
    return rows


def splice(features, left, right):
    last = len(features) - 1
    return [
        [x for j in range(-left, right + 1) for x in features[min(max(t + j, 0), last)]] for t in range(len(features))
    ]


def sliding_cmvn(features, options):
    total = len(features)
    rows = []
    for t in range(total):
        if options.center:
            begin = t - options.cmn_window // 2
            end = begin + options.cmn_window
        else:
            begin, end = t - options.cmn_window, t + 1
        if begin < 0:
            begin, end = 0, end - begin
        if not options.center and end > t:
            end = max(t + 1, options.min_cmn_window)
        if end > total:
            begin, end = max(begin - (end - total), 0), total
        row = []
        for d in range(len(features[t])):
            values = [features[s][d] for s in range(begin, end)]
            mean = sum(values) / len(values)
            value = features[t][d] - mean
            if options.norm_vars:
                variance = sum((v - mean) ** 2 for v in values) / len(values)
                value = value / math.sqrt(max(variance, 1e-10)) if len(values) > 1 else 0.0
            row.append(value)
        rows.append(row)
    return rows
