#include "audio/level.hpp"

#include "audio/mulaw.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace holdfast::audio {
namespace {

std::array<std::uint32_t, 256> make_squares() {
    std::array<std::uint32_t, 256> squares{};
    for (std::size_t byte = 0; byte < squares.size(); ++byte) {
        const std::int32_t sample = mulaw_decode(static_cast<std::uint8_t>(byte));
        squares[byte] = static_cast<std::uint32_t>(sample * sample);
    }
    return squares;
}

const std::array<std::uint32_t, 256> k_squares = make_squares();

}  // namespace

double mean_square(std::string_view mulaw) {
    if (mulaw.empty()) return 0;
    std::uint64_t sum = 0;
    for (const char c : mulaw) sum += k_squares[static_cast<unsigned char>(c)];
    return static_cast<double>(sum) / (32768.0 * 32768.0) / static_cast<double>(mulaw.size());
}

double to_dbfs(double mean_square) {
    if (mean_square <= 0) return k_dbfs_floor;
    return std::max(k_dbfs_floor, 10 * std::log10(mean_square));
}

SpeechDetector::Change SpeechDetector::push_dbfs(double level) {
    if (level >= options_.threshold_dbfs) {
        quiet_ = 0;
        ++loud_;
        if (speaking_ || loud_ < options_.attack_frames) return Change::none;
        speaking_ = true;
        return Change::started;
    }
    loud_ = 0;
    ++quiet_;
    if (!speaking_ || quiet_ < options_.hangover_frames) return Change::none;
    speaking_ = false;
    return Change::stopped;
}

void SpeechDetector::reset() {
    speaking_ = false;
    loud_ = quiet_ = 0;
}

}  // namespace holdfast::audio
