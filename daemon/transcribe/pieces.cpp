#include "transcribe/pieces.hpp"

#include "audio/level.hpp"
#include "audio/mulaw.hpp"
#include "transcribe/limits.hpp"

#include <algorithm>
#include <cmath>

namespace holdfast::transcribe {
namespace {

constexpr std::int64_t k_frame_ms = 20;

// The quietest frame in the last part of a piece that is too long.
std::int64_t best_cut(const std::vector<std::int8_t>& levels, std::int64_t from_ms) {
    const auto frames = static_cast<std::int64_t>(levels.size());
    const auto first = std::min((from_ms + k_piece_cut_from_ms) / k_frame_ms, frames - 1);
    const auto last = std::min((from_ms + k_piece_max_ms) / k_frame_ms, frames);
    const auto quietest = std::min_element(levels.begin() + first, levels.begin() + std::max(last, first + 1));
    return (quietest - levels.begin()) * k_frame_ms;
}

}  // namespace

void SpeechFinder::feed(std::string_view mulaw) {
    while (!mulaw.empty()) {
        const auto taken = std::min(mulaw.size(), audio::k_mulaw_frame_bytes - frame_.size());
        frame_ += mulaw.substr(0, taken);
        mulaw.remove_prefix(taken);
        if (frame_.size() < audio::k_mulaw_frame_bytes) return;
        levels_.push_back(static_cast<std::int8_t>(std::lround(audio::dbfs(frame_))));
        const auto change = detector_.feed(frame_);
        frame_.clear();
        if (change && change->stopped) speech_.push_back({detector_.speech_started_ms(), detector_.last_sound_ms()});
    }
}

void SpeechFinder::finish() {
    feed(std::string((audio::k_mulaw_frame_bytes - frame_.size()) % audio::k_mulaw_frame_bytes, audio::k_mulaw_silence));
    if (detector_.speaking()) speech_.push_back({detector_.speech_started_ms(), detector_.last_sound_ms()});
}

std::vector<Span> cut_pieces(const SpeechFinder& found, const std::vector<Span>& unheard, std::int64_t offset_ms) {
    std::vector<Span> pieces;
    for (const auto& span : unheard) {
        std::vector<Span> inside;
        for (const auto& speech : found.speech()) {
            // Without the margin first: of words that somebody heard no rest is left over.
            const Span sound{std::max(speech.from_ms + offset_ms, span.from_ms), std::min(speech.to_ms + offset_ms, span.to_ms)};
            if (sound.length() < k_piece_least_ms) continue;
            const Span wide{std::max(sound.from_ms - k_piece_margin_ms, span.from_ms),
                            std::min(sound.to_ms + k_piece_margin_ms, span.to_ms)};
            const bool near = !inside.empty() && wide.from_ms - inside.back().to_ms <= k_piece_join_ms;
            if (near && wide.to_ms - inside.back().from_ms <= k_piece_max_ms) {
                inside.back().to_ms = wide.to_ms;
            } else {
                inside.push_back(inside.empty() ? wide : Span{std::max(wide.from_ms, inside.back().to_ms), wide.to_ms});
            }
        }
        for (auto piece : inside) {
            while (piece.length() > k_piece_max_ms && pieces.size() < k_pieces_max) {
                const auto at = best_cut(found.levels(), piece.from_ms - offset_ms) + offset_ms;
                pieces.push_back({piece.from_ms, at});
                piece.from_ms = at;
            }
            if (pieces.size() < k_pieces_max && piece.length() >= k_piece_least_ms) pieces.push_back(piece);
        }
    }
    return pieces;
}

}  // namespace holdfast::transcribe
