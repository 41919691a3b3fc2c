// Silence for ears that wait for some before they write a turn down: of a caller who has gone. Pure.
#pragma once

#include "audio/mulaw.hpp"
#include "base/base64.hpp"

#include <cstddef>
#include <string>

namespace holdfast::voice {

constexpr std::size_t k_silence_piece_ms = 100;

// Gives `milliseconds` of it as base64 in pieces that no peer finds odd.
template <class Give>
void give_silence(std::size_t milliseconds, Give give) {
    const auto piece = base::base64_encode(std::string(k_silence_piece_ms * audio::k_mulaw_rate / 1000, audio::k_mulaw_silence));
    for (std::size_t given = 0; given < milliseconds; given += k_silence_piece_ms) give(piece);
}

}  // namespace holdfast::voice
