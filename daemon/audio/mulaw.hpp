// G.711 mu-law: 8 kHz, mono, one byte a sample. Pure, by table.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::audio {

constexpr char k_mulaw_silence = '\xff';
constexpr unsigned k_mulaw_rate = 8000;
constexpr std::size_t k_mulaw_frame_bytes = 160;  // 20 ms, as Twilio sends them

std::uint8_t mulaw_encode(std::int16_t sample);
extern const std::array<std::int16_t, 256> k_mulaw_samples;
inline std::int16_t mulaw_decode(std::uint8_t byte) { return k_mulaw_samples[byte]; }

std::string mulaw_encode(const std::vector<std::int16_t>& samples);
std::vector<std::int16_t> mulaw_decode(std::string_view mulaw);

}  // namespace holdfast::audio
