// RIFF/WAVE files: mu-law (tag 7) and 16-bit PCM (tag 1), any rate, one or two channels. The reader
// believes no length in the file beyond the bytes it was given.
#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::audio {

struct Wav {
    unsigned rate = 0;
    unsigned channels = 1;              // 1 or 2; samples are interleaved
    std::vector<std::int16_t> samples;  // mu-law files are decoded
};

base::Result<Wav> read_wav(std::string_view bytes);
base::Result<Wav> read_wav_file(const std::string& path);  // blocks; at most 256 MiB

std::vector<std::int16_t> to_mono(const Wav& wav);

// Any readable WAV as 8 kHz mono mu-law: mixed down, resampled, encoded. An 8 kHz mono mu-law file
// comes back as it is (but for 0x7f, the other zero, which becomes 0xff).
std::string to_mulaw_8k(const Wav& wav);

std::string write_wav_mulaw(std::string_view mulaw_8k);

// What stands before the samples of an 8 kHz mu-law file that is written piece by piece. `comment` (may be
// empty) is kept as INFO/ICMT. The length depends on the comment only, so that the head can be written
// again once data_bytes is known.
std::string wav_head_mulaw(std::size_t data_bytes, unsigned channels, std::string_view comment);

struct WavHead {
    unsigned rate = 0;
    unsigned channels = 0;
    bool mulaw = false;
    std::string comment;          // of the INFO list, if that stands before the samples
    std::size_t data_offset = 0;  // of the first sample
    std::size_t data_bytes = 0;   // as the file says; a crash leaves 0
};
// Needs the bytes up to the first sample only.
base::Result<WavHead> read_wav_head(std::string_view bytes);

std::string write_wav_pcm16(const std::vector<std::int16_t>& samples, unsigned rate,
                            unsigned channels);

}  // namespace holdfast::audio
