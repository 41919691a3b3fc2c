// What the provider makes of appended audio: samples counted in the current input format, and turns
// found by energy. Time is the audio that was appended, never a clock: when no audio arrives, no
// turn ends. Pure.
#pragma once

#include "provider/session_config.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sim {

struct VadSettings {
    bool on = true;
    double threshold = 0.5;
    std::int64_t prefix_ms = 300;
    std::int64_t silence_ms = 200;
};
VadSettings vad_settings_of(const nlohmann::json& turn_detection);

struct SpeechEdge {
    bool started = false;  // else stopped
    std::int64_t at_ms = 0;
};

class Hearing {
  public:
    void configure(WireFormat format, const VadSettings& vad);
    // Edges in order, each at its place in all audio appended so far.
    std::vector<SpeechEdge> append(std::string_view bytes);
    std::int64_t heard_ms() const { return samples_ms_; }
    bool speaking() const { return speaking_; }

  private:
    double level_of(std::string_view frame) const;
    void push_frame(double dbfs, std::vector<SpeechEdge>& edges);

    WireFormat format_ = WireFormat::pcm16_24k;
    VadSettings vad_;
    std::string partial_;
    std::int64_t samples_ms_ = 0;  // whole 20 ms frames
    std::int64_t loud_from_ms_ = -1;
    std::int64_t loud_frames_ = 0;
    std::int64_t quiet_ms_ = 0;
    bool speaking_ = false;
};

std::int16_t alaw_decode(std::uint8_t byte);
std::uint8_t alaw_encode(std::int16_t sample);
// 8 kHz mu-law as the session's output format wants it.
std::string to_wire(std::string_view mulaw, WireFormat format);

}  // namespace holdfast::sim
