// On real speech (espeak-ng) at the levels and in the noise of telephone lines; prints its figures.
#include "audio/voice_detector.hpp"

#include "audio/level.hpp"
#include "audio/mulaw.hpp"
#include "audio/wav.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace holdfast::audio {
namespace {

using Samples = std::vector<double>;  // full scale = 1, 8 kHz

constexpr std::size_t k_per_ms = 8;
constexpr double k_pi = 3.14159265358979;
constexpr std::int64_t k_hangover_ms = 400;

double decibels(double db) { return std::pow(10.0, db / 20); }

double rms(const Samples& samples) {
    double sum = 0;
    for (const double s : samples) sum += s * s;
    return samples.empty() ? 0 : std::sqrt(sum / static_cast<double>(samples.size()));
}

// A sentence, cut to its sound. Empty when there is no espeak-ng.
const Samples& speech(const std::string& text, const std::string& voice = "en-us") {
    static std::map<std::string, Samples> said;
    auto& out = said[voice + text];
    if (!out.empty()) return out;
    std::string bytes;
    FILE* pipe = ::popen(("espeak-ng -v " + voice + " -s 165 --stdout -- '" + text + "' 2>/dev/null").c_str(), "r");
    if (pipe == nullptr) return out;
    std::array<char, 4096> piece{};
    for (std::size_t n = 0; (n = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;) bytes.append(piece.data(), n);
    ::pclose(pipe);
    const auto wav = read_wav(bytes);
    if (!wav) return out;
    for (const auto s : mulaw_decode(to_mulaw_8k(*wav))) out.push_back(s / 32768.0);
    // From the first to the last 10 ms within 30 dB of the loudest: what an ear calls the sound.
    double loudest = 0;
    const auto part = [&out](std::size_t from, std::size_t to) {
        return Samples(out.begin() + static_cast<std::ptrdiff_t>(from), out.begin() + static_cast<std::ptrdiff_t>(to));
    };
    const auto level = [&part](std::size_t at) { return rms(part(at, at + 80)); };
    for (std::size_t at = 0; at + 80 <= out.size(); at += 80) loudest = std::max(loudest, level(at));
    std::size_t first = 0, last = out.size() / 80 * 80 - 80;
    while (level(first) < loudest * decibels(-30)) first += 80;
    while (level(last) < loudest * decibels(-30)) last -= 80;
    out = part(first, last + 80);
    const double gain = 1 / rms(out);
    for (auto& s : out) s *= gain;  // now 0 dB
    return out;
}

Samples quiet(std::int64_t ms) { return Samples(static_cast<std::size_t>(ms) * k_per_ms, 0.0); }

Samples white(std::int64_t ms, double dbfs, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal(0, decibels(dbfs));
    Samples out = quiet(ms);
    for (auto& s : out) s = normal(random);
    return out;
}

// Filtered noise whose level wanders by 2 dB, as RFC 3389 generators make it.
Samples comfort(std::int64_t ms, double dbfs, unsigned seed = 2) {
    auto out = white(ms, 0, seed);
    double last = 0;
    for (auto& s : out) s = last = 0.7 * last + s;
    const double gain = decibels(dbfs) / rms(out);
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] *= gain * decibels(std::sin(2 * k_pi * static_cast<double>(i) / 8000 / 1.7));
    }
    return out;
}

Samples tones(std::int64_t ms, double dbfs, const std::vector<double>& hertz) {
    Samples out = quiet(ms);
    for (std::size_t i = 0; i < out.size(); ++i) {
        for (const double f : hertz) out[i] += std::sin(2 * k_pi * f * static_cast<double>(i) / 8000);
    }
    const double gain = decibels(dbfs) / rms(out);
    for (auto& s : out) s *= gain;
    return out;
}

Samples hum(std::int64_t ms, double dbfs) { return tones(ms, dbfs, {50, 100, 150, 250}); }

// Chords that are struck and fade, three a second.
Samples music(std::int64_t ms, double dbfs) {
    Samples out = quiet(ms);
    const double roots[] = {262, 349, 392, 330};
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::size_t beat = i / 2667;
        const double into = static_cast<double>(i % 2667) / 8000;
        for (const double ratio : {1.0, 1.25, 1.5, 2.0}) {
            out[i] += std::exp(-4 * into) * std::sin(2 * k_pi * roots[beat % 4] * ratio * into);
        }
    }
    const double gain = decibels(dbfs) / rms(out);
    for (auto& s : out) s *= gain;
    return out;
}

void mix(Samples& into, const Samples& what, std::int64_t at_ms, double db = 0) {
    const std::size_t at = static_cast<std::size_t>(at_ms) * k_per_ms;
    for (std::size_t i = 0; i < what.size() && at + i < into.size(); ++i) into[at + i] += what[i] * decibels(db);
}

std::string line(const Samples& samples) {
    std::vector<std::int16_t> pcm;
    for (const double s : samples) {
        pcm.push_back(static_cast<std::int16_t>(std::lround(std::clamp(s, -1.0, 0.9999) * 32767)));
    }
    return mulaw_encode(pcm);
}

struct Heard {
    std::vector<std::int64_t> started;   // dates of speech
    std::vector<std::int64_t> reported;  // when that was said
    std::vector<std::int64_t> stopped;   // when the end was said
    std::int64_t last_sound = -1;
};

Heard listen(const Samples& samples) {
    VoiceDetector detector;
    Heard heard;
    const auto bytes = line(samples);
    for (std::size_t at = 0; at + k_mulaw_frame_bytes <= bytes.size(); at += k_mulaw_frame_bytes) {
        const auto change = detector.feed(std::string_view(bytes).substr(at, k_mulaw_frame_bytes));
        if (!change) continue;
        if (change->started) {
            heard.started.push_back(detector.speech_started_ms());
            heard.reported.push_back(detector.position_ms());
        }
        if (change->stopped) heard.stopped.push_back(detector.position_ms());
    }
    heard.last_sound = detector.last_sound_ms();
    return heard;
}

const char* const k_sentences[] = {"There is a fire at the old mill, please come quickly.",
                                   "My father fell down the stairs and he does not answer.", "Yes.", "Help me!",
                                   "Twenty three Maple Street, second floor."};

struct Noise {
    const char* name;
    Samples (*make)(std::int64_t ms, double dbfs);
};

TEST(VoiceDetector, FindsBeginAndEndOfSpeechAtEveryLevelAndInNoise) {
    if (speech("hello").empty()) GTEST_SKIP() << "no espeak-ng here";
    const Noise noises[] = {{"none", nullptr},
                            {"white", [](std::int64_t ms, double db) { return white(ms, db); }},
                            {"comfort", [](std::int64_t ms, double db) { return comfort(ms, db); }},
                            {"hum", hum}};
    std::printf("  noise    SNR  level   onset ms (worst)  reported after ms  end - hangover ms (earliest, latest)  pieces\n");
    for (const auto& noise : noises) {
        for (const double snr : {20.0, 15.0}) {
            if (noise.make == nullptr && snr < 20) continue;
            for (const double level : {-6.0, -12.0, -18.0, -24.0, -30.0, -36.0}) {
                std::int64_t onset = INT64_MIN, reported = 0, early = INT64_MAX, late = INT64_MIN;
                std::size_t pieces = 0;
                for (const char* voice : {"en-us", "en-us+f3", "es"}) {
                    for (const char* sentence : k_sentences) {
                        const auto& words = speech(sentence, voice);
                        const auto words_ms = static_cast<std::int64_t>(words.size() / k_per_ms);
                        Samples call = noise.make != nullptr ? noise.make(4000 + words_ms, level - snr)
                                                             : quiet(4000 + words_ms);
                        mix(call, words, 2000, level);
                        const auto heard = listen(call);
                        ASSERT_FALSE(heard.started.empty()) << noise.name << snr << " " << level << sentence;
                        ASSERT_EQ(heard.started.size(), heard.stopped.size());
                        onset = std::max(onset, std::abs(heard.started[0] - 2000));
                        reported = std::max(reported, heard.reported[0] - 2000);
                        early = std::min(early, heard.stopped.back() - k_hangover_ms - 2000 - words_ms);
                        late = std::max(late, heard.stopped.back() - k_hangover_ms - 2000 - words_ms);
                        pieces = std::max(pieces, heard.started.size());
                    }
                }
                std::printf("  %-8s %3.0f  %5.0f   %16lld  %17lld  %17lld %17lld  %6zu\n", noise.name, snr, level,
                            static_cast<long long>(onset), static_cast<long long>(reported),
                            static_cast<long long>(early), static_cast<long long>(late), pieces);
                EXPECT_LE(onset, 60) << noise.name << " " << snr << " " << level;
                EXPECT_LE(late, 60) << noise.name << " " << snr << " " << level;
                EXPECT_GE(early, -200) << noise.name << " " << snr << " " << level;
                EXPECT_LE(pieces, 2u);
            }
        }
    }
}

TEST(VoiceDetector, HearsNobodyInAMinuteOfComfortNoise) {
    for (const double level : {-65.0, -55.0, -50.0, -45.0, -40.0, -30.0}) {
        for (unsigned seed = 1; seed <= 3; ++seed) {
            EXPECT_TRUE(listen(comfort(60'000, level, seed)).started.empty()) << level;
            EXPECT_TRUE(listen(white(60'000, level, seed)).started.empty()) << level;
        }
    }
}

TEST(VoiceDetector, HearsNobodyInHumSilenceAndMusicFarAway) {
    EXPECT_TRUE(listen(quiet(60'000)).started.empty());
    for (const double level : {-50.0, -40.0, -30.0, -20.0}) EXPECT_TRUE(listen(hum(20'000, level)).started.empty()) << level;
    EXPECT_TRUE(listen(music(60'000, -48)).started.empty());
}

TEST(VoiceDetector, HearsNobodyInKeysAndClicks) {
    const double low[] = {697, 770, 852, 941};
    const double high[] = {1209, 1336, 1477, 1633};
    for (const double level : {-6.0, -15.0, -25.0}) {
        for (const double a : low) {
            for (const double b : high) {
                Samples call = comfort(6000, -55);
                for (std::int64_t at = 1000; at < 4000; at += 370) mix(call, tones(100 + at / 20, level, {a, b}), at);
                EXPECT_TRUE(listen(call).started.empty()) << level << " " << a << "+" << b;
            }
        }
    }
    Samples call = comfort(20'000, -55);
    for (std::int64_t at = 500; at < 20'000; at += 333) mix(call, white(4, -6, 7), at);
    EXPECT_TRUE(listen(call).started.empty()) << "clicks of 4 ms";
    call = comfort(20'000, -55);
    for (std::int64_t at = 500; at < 20'000; at += 700) mix(call, white(60, -10, 7), at);
    EXPECT_TRUE(listen(call).started.empty()) << "knocks of 60 ms";
}

TEST(VoiceDetector, ANoiseThatBeginsInTheCallIsSoonNoSpeech) {
    for (const double level : {-40.0, -25.0, -12.0}) {
        Samples call = comfort(10'000, -60);
        mix(call, white(7000, level), 3000);
        const auto heard = listen(call);
        ASSERT_EQ(heard.started.size(), heard.stopped.size()) << "it must end while the noise goes on";
        EXPECT_LE(heard.started.size(), 1u);
        for (const auto at : heard.stopped) EXPECT_LE(at, 3000 + 1000) << level;
    }
}

TEST(VoiceDetector, HearsSpeechAfterTheNoiseBegan) {
    if (speech("hello").empty()) GTEST_SKIP() << "no espeak-ng here";
    Samples call = comfort(12'000, -60);
    mix(call, white(9000, -35), 3000);
    mix(call, speech(k_sentences[0]), 6000, -18);
    const auto heard = listen(call);
    ASSERT_FALSE(heard.started.empty());
    EXPECT_NEAR(static_cast<double>(heard.started.back()), 6000, 60);
    EXPECT_EQ(heard.started.size(), heard.stopped.size());
}

TEST(VoiceDetector, FarAwayVoicesDoNotKeepTheCallerTalking) {
    if (speech("hello").empty()) GTEST_SKIP() << "no espeak-ng here";
    const auto& near_by = speech(k_sentences[0]);
    const auto near_ms = static_cast<std::int64_t>(near_by.size() / k_per_ms);
    Samples call = comfort(8000 + near_ms, -65);
    mix(call, near_by, 1000, -12);
    for (std::int64_t at = 0; at < 8000; at += 2500) mix(call, speech(k_sentences[4]), at, -50);  // a television
    const auto heard = listen(call);
    ASSERT_FALSE(heard.stopped.empty());
    EXPECT_LE(heard.stopped[0], 1000 + near_ms + k_hangover_ms + 60);
}

TEST(VoiceDetector, DigitalSilenceInAGapDoesNotForgetTheNoise) {
    Samples call = white(10'000, -35);
    for (std::size_t i = 4000 * k_per_ms; i < 6000 * k_per_ms; ++i) call[i] = 0;
    EXPECT_TRUE(listen(call).started.empty());
}

TEST(VoiceDetector, SpeechCutByAGapEndsAfterTheHangover) {
    if (speech("hello").empty()) GTEST_SKIP() << "no espeak-ng here";
    Samples call = quiet(4000);
    mix(call, speech(k_sentences[0]), 1000, -18);
    std::fill(call.begin() + 1800 * k_per_ms, call.end(), 0.0);
    const auto heard = listen(call);
    ASSERT_EQ(heard.stopped.size(), 1u);
    EXPECT_NEAR(static_cast<double>(heard.stopped[0]), 1800 + k_hangover_ms, 40);
    EXPECT_NEAR(static_cast<double>(heard.last_sound), 1800, 40);
}

TEST(VoiceDetector, SizeOfThePiecesDoesNotMatter) {
    if (speech("hello").empty()) GTEST_SKIP() << "no espeak-ng here";
    Samples call = comfort(6000, -55);
    mix(call, speech(k_sentences[0]), 1000, -18);
    const auto bytes = line(call);
    const auto whole = listen(call);
    VoiceDetector detector;
    Heard heard;
    for (std::size_t at = 0; at < bytes.size(); at += 7) {
        const auto change = detector.feed(std::string_view(bytes).substr(at, 7));
        if (change && change->started) heard.started.push_back(detector.speech_started_ms());
        if (change && change->stopped) heard.stopped.push_back(detector.position_ms());
    }
    EXPECT_EQ(heard.started, whole.started);
    EXPECT_EQ(heard.stopped, whole.stopped);
    detector.reset();
    const auto change = detector.feed(bytes);
    ASSERT_TRUE(change);
    EXPECT_TRUE(change->started && change->stopped);
    EXPECT_FALSE(detector.speaking());
}

TEST(VoiceDetector, CostsMicroseconds) {
    Samples call = white(20'000, -12);
    for (std::size_t i = 0; i < call.size(); ++i) call[i] *= std::sin(static_cast<double>(i) / 900);
    const auto bytes = line(call);
    VoiceDetector detector;
    constexpr int k_rounds = 5;
    double best = 1e9;
    for (int round = 0; round < k_rounds; ++round) {
        const auto begin = std::chrono::steady_clock::now();
        for (std::size_t at = 0; at < bytes.size(); at += k_mulaw_frame_bytes) {
            (void)detector.feed(std::string_view(bytes).substr(at, k_mulaw_frame_bytes));
        }
        const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
        best = std::min(best, took.count() / static_cast<double>(bytes.size() / k_mulaw_frame_bytes));
    }
    std::printf("  %.2f us a frame\n", best);
    EXPECT_LT(best, 200) << "sanitizers and a busy machine included; 5 us is what a release build must keep";
}

}  // namespace
}  // namespace holdfast::audio
