#include "audio/wav.hpp"

#include "audio/mulaw.hpp"

#include <gtest/gtest.h>

namespace holdfast::audio {
namespace {

TEST(Wav, ReadsBackWhatItWrites) {
    const std::vector<std::int16_t> stereo{1, -1, 300, -300, 32767, -32768};
    const auto pcm = read_wav(write_wav_pcm16(stereo, 16000, 2));
    ASSERT_TRUE(pcm);
    EXPECT_EQ(pcm->rate, 16000u);
    EXPECT_EQ(pcm->channels, 2u);
    EXPECT_EQ(pcm->samples, stereo);
    const std::string mulaw("\x01\x80\xff\x42\x99", 5);
    const auto g711 = read_wav(write_wav_mulaw(mulaw));
    ASSERT_TRUE(g711);
    EXPECT_EQ(to_mulaw_8k(*g711), mulaw);
}

TEST(Wav, WritesMulawAsFormatTag7WithEvenLength) {
    const std::string file = write_wav_mulaw(std::string(5, k_mulaw_silence));
    EXPECT_EQ(file.size() % 2, 0u);
    EXPECT_EQ(file.substr(20, 2), std::string("\x07\x00", 2));
    EXPECT_EQ(file.substr(file.size() - 10, 4), std::string("\x05\x00\x00\x00", 4));
}

TEST(Wav, MixesStereoWithoutOverflow) {
    const auto wav = read_wav(write_wav_pcm16({32767, 32767, -32768, -32768, 100, 300}, 8000, 2));
    ASSERT_TRUE(wav);
    EXPECT_EQ(to_mono(*wav), (std::vector<std::int16_t>{32767, -32768, 200}));
}

TEST(Wav, TakesWhatIsThereWhenTheLengthIsAPlaceholder) {
    std::string file = write_wav_pcm16({1, 2, 3, 4}, 22050, 1);
    for (std::size_t i = 40; i < 44; ++i) file[i] = '\xff';  // as espeak-ng --stdout leaves it
    const auto wav = read_wav(file);
    ASSERT_TRUE(wav);
    EXPECT_EQ(wav->samples.size(), 4u);
}

TEST(Wav, SkipsChunksItDoesNotKnow) {
    std::string file = write_wav_pcm16({7, 8}, 8000, 1);
    file.insert(36, std::string("LIST\x03\x00\x00\x00xyz\x00", 12));
    const auto wav = read_wav(file);
    ASSERT_TRUE(wav);
    EXPECT_EQ(wav->samples, (std::vector<std::int16_t>{7, 8}));
}

TEST(Wav, RefusesWhatItCannotPlay) {
    const auto code_of = [](std::string file) {
        const auto wav = read_wav(file);
        return wav ? std::string("accepted") : std::string(wav.error().code);
    };
    const std::string good = write_wav_pcm16({1, 2}, 8000, 1);
    const auto with = [&](std::size_t at, char byte) {
        std::string file = good;
        file[at] = byte;
        return file;
    };
    EXPECT_EQ(code_of(good), "accepted");
    EXPECT_EQ(code_of(""), "wav_not_riff");
    EXPECT_EQ(code_of(with(0, 'X')), "wav_not_riff");
    EXPECT_EQ(code_of(with(20, 3)), "wav_encoding");   // IEEE float
    EXPECT_EQ(code_of(with(34, 24)), "wav_encoding");  // 24 bits
    EXPECT_EQ(code_of(with(22, 6)), "wav_channels");
    EXPECT_EQ(code_of(with(24, 1)), "accepted");  // 7937 Hz is odd but playable
    EXPECT_EQ(code_of(with(25, 0)), "wav_rate");  // 64 Hz
    EXPECT_EQ(code_of(good.substr(0, 36)), "wav_no_data");
    EXPECT_EQ(code_of(with(12, 'x')), "wav_no_format");
}

// Every prefix and every single damaged byte: an answer, never a crash (sanitizers watch).
TEST(Wav, SurvivesAnyDamage) {
    const std::string good = write_wav_pcm16({1, 2, 3, 4, 5, 6}, 22050, 2);
    for (std::size_t length = 0; length <= good.size(); ++length)
        (void)read_wav(good.substr(0, length));
    int refused = 0;
    for (std::size_t at = 0; at < 44; ++at) {
        for (int byte = 0; byte < 256; ++byte) {
            std::string file = good;
            file[at] = static_cast<char>(byte);
            refused += read_wav(file) ? 0 : 1;
        }
    }
    EXPECT_GT(refused, 1000);
}

TEST(WavHead, GoesBothWaysAndKeepsItsLength) {
    const std::string samples(12, '\x12');
    const auto head = wav_head_mulaw(samples.size(), 2, "a comment");
    EXPECT_EQ(head.size(), wav_head_mulaw(0, 2, "a comment").size());
    const auto read = read_wav_head(head);
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->mulaw);
    EXPECT_EQ(read->channels, 2u);
    EXPECT_EQ(read->rate, 8000u);
    EXPECT_EQ(read->comment, "a comment");
    EXPECT_EQ(read->data_offset, head.size());
    EXPECT_EQ(read->data_bytes, samples.size());
    const auto wav = read_wav(head + samples);
    ASSERT_TRUE(wav);
    EXPECT_EQ(wav->samples.size(), samples.size());
    for (const std::string comment : {"", "x", "xy"}) {
        const auto other = read_wav_head(wav_head_mulaw(4, 1, comment));
        ASSERT_TRUE(other);
        EXPECT_EQ(other->comment, comment);
    }
}

TEST(WavHead, CutAnywhereIsRefused) {
    const auto head = wav_head_mulaw(4, 2, "a comment");
    for (std::size_t size = 0; size < head.size(); ++size) EXPECT_FALSE(read_wav_head(head.substr(0, size))) << size;
    for (std::size_t at = 12; at < head.size(); ++at) {
        for (const char byte : {'\0', '\xff'}) {
            auto hostile = head;
            hostile[at] = byte;
            (void)read_wav_head(hostile);  // any answer, no crash
        }
    }
}

}  // namespace
}  // namespace holdfast::audio
