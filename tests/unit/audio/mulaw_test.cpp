#include "audio/mulaw.hpp"

#include "g711_golden.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iterator>

namespace holdfast::audio {
namespace {

TEST(Mulaw, DecodesEveryCodeAsSoxDoes) {
    for (int byte = 0; byte < 256; ++byte) {
        EXPECT_EQ(mulaw_decode(static_cast<std::uint8_t>(byte)), test::k_sox_decode[byte]) << byte;
    }
}

TEST(Mulaw, EncodesEvery14BitInputAsSoxDoes) {
    const std::size_t steps = std::size(test::k_sox_encode);
    for (std::size_t i = 0; i < steps; ++i) {
        const int end = i + 1 < steps ? test::k_sox_encode[i + 1].sample : 32768;
        for (int sample = test::k_sox_encode[i].sample; sample < end; sample += 4) {
            ASSERT_EQ(mulaw_encode(static_cast<std::int16_t>(sample)), test::k_sox_encode[i].code)
                << sample;
        }
    }
}

TEST(Mulaw, DecodingAndEncodingAgainKeepsEveryCodeButNegativeZero) {
    for (int byte = 0; byte < 256; ++byte) {
        const auto again = mulaw_encode(mulaw_decode(static_cast<std::uint8_t>(byte)));
        EXPECT_EQ(again, byte == 0x7f ? 0xff : byte);
    }
}

TEST(Mulaw, NeverErrsByMoreThanHalfAStep) {
    for (int sample = -32635; sample <= 32635; ++sample) {
        const int back = mulaw_decode(mulaw_encode(static_cast<std::int16_t>(sample)));
        ASSERT_LE(std::abs(back - sample), 4 + std::abs(sample) / 30) << sample;
    }
}

TEST(Mulaw, ConvertsWholeClips) {
    const std::vector<std::int16_t> samples{0, 1000, -1000, 32767, -32768};
    const std::string bytes = mulaw_encode(samples);
    ASSERT_EQ(bytes.size(), samples.size());
    EXPECT_EQ(bytes[0], k_mulaw_silence);
    EXPECT_EQ(mulaw_decode(bytes)[3], 32124);
}

}  // namespace
}  // namespace holdfast::audio
