// From caller audio to the pieces that are sent: found by the box's own voice detector, cut at silence, never
// longer than k_piece_max_ms. The same audio gives the same pieces. Pure.
#pragma once

#include "audio/voice_detector.hpp"
#include "transcribe/spans.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::transcribe {

// Where somebody speaks, and how loud each 20 ms are. Positions from the first sample given.
class SpeechFinder {
  public:
    void feed(std::string_view mulaw);
    void finish();
    const std::vector<Span>& speech() const { return speech_; }
    const std::vector<std::int8_t>& levels() const { return levels_; }  // dBFS of each 20 ms

  private:
    audio::VoiceDetector detector_;
    std::string frame_;  // what is not a whole one yet
    std::vector<Span> speech_;
    std::vector<std::int8_t> levels_;
};

// `unheard` and the answer on the call's clock, `offset_ms` where the recording begins on it.
std::vector<Span> cut_pieces(const SpeechFinder& found, const std::vector<Span>& unheard, std::int64_t offset_ms);

}  // namespace holdfast::transcribe
