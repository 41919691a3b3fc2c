// Band-limited sample rate conversion for whole clips: a Kaiser-windowed sinc, one filter phase for
// each position that the ratio of the rates can take. Pure; not for the media path.
#pragma once

#include <cstdint>
#include <vector>

namespace holdfast::audio {

// Output has round(in.size() * to / from) samples, in time with the input (no delay). Both rates
// must be above zero. Measured: pass band flat within 0.1 dB up to 0.425 of the lower rate, alias
// and image rejection above 80 dB from 0.5 of it on.
std::vector<std::int16_t> resample(const std::vector<std::int16_t>& in, unsigned from, unsigned to);

}  // namespace holdfast::audio
