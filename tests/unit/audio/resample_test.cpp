#include "audio/resample.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace holdfast::audio {
namespace {

constexpr double k_pi = 3.14159265358979323846;
constexpr double k_amplitude = 16000;

std::vector<std::int16_t> tone(double hertz, unsigned rate, double seconds) {
    std::vector<std::int16_t> out(static_cast<std::size_t>(rate * seconds));
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = static_cast<std::int16_t>(
            std::lround(k_amplitude * std::sin(2 * k_pi * hertz * static_cast<double>(i) / rate)));
    }
    return out;
}

// Energy left and right of a known tone, in dB over the tone, from the middle of the clip.
double signal_to_noise(const std::vector<std::int16_t>& clip, double hertz, unsigned rate) {
    const std::size_t from = clip.size() / 4;
    const std::size_t to = clip.size() * 3 / 4;
    double s = 0, c = 0, ss = 0, cc = 0, sc = 0;
    for (std::size_t i = from; i < to; ++i) {
        const double phase = 2 * k_pi * hertz * static_cast<double>(i) / rate;
        s += clip[i] * std::sin(phase);
        c += clip[i] * std::cos(phase);
        ss += std::sin(phase) * std::sin(phase);
        cc += std::cos(phase) * std::cos(phase);
        sc += std::sin(phase) * std::cos(phase);
    }
    const double det = ss * cc - sc * sc;
    const double a = (s * cc - c * sc) / det;
    const double b = (c * ss - s * sc) / det;
    double signal = 0, noise = 0;
    for (std::size_t i = from; i < to; ++i) {
        const double phase = 2 * k_pi * hertz * static_cast<double>(i) / rate;
        const double fit = a * std::sin(phase) + b * std::cos(phase);
        signal += fit * fit;
        noise += (clip[i] - fit) * (clip[i] - fit);
    }
    return 10 * std::log10(signal / std::max(noise, 1e-9));
}

double level_db(const std::vector<std::int16_t>& clip) {
    double sum = 0;
    const std::size_t from = clip.size() / 4;
    const std::size_t to = clip.size() * 3 / 4;
    for (std::size_t i = from; i < to; ++i) sum += clip[i] * clip[i];
    const double rms = std::sqrt(sum / static_cast<double>(to - from));
    return 20 * std::log10(std::max(rms, 1e-3) / (k_amplitude / std::sqrt(2.0)));
}

class ResampleTo8k : public ::testing::TestWithParam<unsigned> {};

TEST_P(ResampleTo8k, KeepsSpeechTonesCleanAndAtTheirLevel) {
    for (const double hertz : {200.0, 1000.0, 2000.0, 3000.0, 3400.0}) {
        const auto out = resample(tone(hertz, GetParam(), 0.5), GetParam(), 8000);
        EXPECT_NEAR(static_cast<double>(out.size()), 4000, 1);
        EXPECT_GT(signal_to_noise(out, hertz, 8000), 80) << hertz;
        EXPECT_NEAR(level_db(out), 0, 0.1) << hertz;
    }
}

TEST_P(ResampleTo8k, RemovesWhatWouldFoldIntoTheBand) {
    for (const double hertz : {4010.0, 4600.0, 5500.0, 7000.0}) {
        if (hertz >= GetParam() / 2.0) continue;
        EXPECT_LT(level_db(resample(tone(hertz, GetParam(), 0.5), GetParam(), 8000)), -80) << hertz;
    }
}

INSTANTIATE_TEST_SUITE_P(Rates, ResampleTo8k,
                         ::testing::Values(16000u, 22050u, 24000u, 44100u, 48000u));

TEST(Resample, RaisesTheRateWithoutImages) {
    const auto out = resample(tone(1000, 8000, 0.5), 8000, 24000);
    EXPECT_EQ(out.size(), 12000u);
    EXPECT_GT(signal_to_noise(out, 1000, 24000), 80);
}

TEST(Resample, StaysInTimeWithItsInput) {
    std::vector<std::int16_t> click(22050, 0);
    click[11025] = 30000;
    const auto out = resample(click, 22050, 8000);
    std::size_t loudest = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (std::abs(out[i]) > std::abs(out[loudest])) loudest = i;
    }
    EXPECT_EQ(loudest, 4000u);
}

TEST(Resample, HoldsFullScaleAndEmptyInput) {
    const std::vector<std::int16_t> square(2400, 32767);
    for (const auto s : resample(square, 24000, 8000)) ASSERT_GE(s, 0);
    EXPECT_TRUE(resample({}, 24000, 8000).empty());
    EXPECT_EQ(resample(square, 8000, 8000), square);
}

}  // namespace
}  // namespace holdfast::audio
