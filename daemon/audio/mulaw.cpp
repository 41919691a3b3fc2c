#include "audio/mulaw.hpp"

#include <algorithm>
#include <array>

namespace holdfast::audio {
namespace {

// G.711 table 2a in 16-bit scale: bias 33 and clip 8158 of the 14-bit text, times four.
constexpr int k_bias = 0x84;
constexpr int k_clip = 32635;

constexpr std::uint8_t encode(int sample) {
    const int sign = sample < 0 ? 0x80 : 0;
    int magnitude = sample < 0 ? -sample : sample;
    if (magnitude > k_clip) magnitude = k_clip;
    magnitude += k_bias;
    int exponent = 7;
    for (int mask = 0x4000; (magnitude & mask) == 0 && exponent > 0; mask >>= 1) --exponent;
    const int mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    return static_cast<std::uint8_t>(~(sign | (exponent << 4) | mantissa) & 0xff);
}

constexpr std::int16_t decode(int byte) {
    const int code = ~byte & 0xff;
    const int exponent = (code >> 4) & 7;
    const int magnitude = ((((code & 0x0f) << 3) + k_bias) << exponent) - k_bias;
    return static_cast<std::int16_t>((code & 0x80) != 0 ? -magnitude : magnitude);
}

constexpr std::array<std::int16_t, 256> make_decode_table() {
    std::array<std::int16_t, 256> table{};
    for (int byte = 0; byte < 256; ++byte) table[static_cast<std::size_t>(byte)] = decode(byte);
    return table;
}

}  // namespace

const std::array<std::int16_t, 256> k_mulaw_samples = make_decode_table();

std::uint8_t mulaw_encode(std::int16_t sample) {
    return encode(sample);
}

std::string mulaw_encode(const std::vector<std::int16_t>& samples) {
    std::string out(samples.size(), '\0');
    std::transform(samples.begin(), samples.end(), out.begin(),
                   [](std::int16_t s) { return static_cast<char>(encode(s)); });
    return out;
}

std::vector<std::int16_t> mulaw_decode(std::string_view mulaw) {
    std::vector<std::int16_t> out(mulaw.size());
    std::transform(mulaw.begin(), mulaw.end(), out.begin(),
                   [](char c) { return mulaw_decode(static_cast<unsigned char>(c)); });
    return out;
}

}  // namespace holdfast::audio
