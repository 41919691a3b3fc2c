// Audio that the box's own detector takes for speech: a voice-like buzz whose loudness rises and falls as
// syllables do.
#pragma once

#include "audio/mulaw.hpp"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::test {

inline std::string talk(std::int64_t ms, double amplitude = 6000) {
    std::vector<std::int16_t> samples(static_cast<std::size_t>(ms) * 8);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const double t = static_cast<double>(i) / 8000;
        const double syllable = 0.25 + 0.75 * std::fabs(std::sin(2 * 3.14159265358979 * 2.2 * t));
        double sum = 0;
        for (int harmonic = 2; harmonic < 9; ++harmonic) sum += std::sin(2 * 3.14159265358979 * 140 * harmonic * t) / harmonic;
        samples[i] = static_cast<std::int16_t>(amplitude * syllable * sum);
    }
    return audio::mulaw_encode(samples);
}
inline std::string hush(std::int64_t ms) { return std::string(static_cast<std::size_t>(ms) * 8, audio::k_mulaw_silence); }

}  // namespace holdfast::test
