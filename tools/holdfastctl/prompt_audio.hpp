// Whether a recording can be a prompt: what a telephone makes of it, how loud it is, and everything that a
// caller would be troubled by, in words for the one who recorded it. Pure.
#pragma once

#include "audio/wav.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace holdfast::ctl {

// The shipped prompts are at -20 dBFS; a step of more than this from one to the next is a start or a strain.
constexpr double k_prompt_dbfs_min = -30.0;
constexpr double k_prompt_dbfs_max = -14.0;
constexpr std::chrono::milliseconds k_prompt_shortest{100};
constexpr std::chrono::milliseconds k_prompt_longest{30'000};     // as the daemon loads them
constexpr std::chrono::milliseconds k_prompt_lead_max{500};       // silence before the first word ...
constexpr std::chrono::milliseconds k_prompt_tail_max{1'000};     // ... and behind the last one
constexpr double k_prompt_silence_dbfs = -50.0;                   // of 20 ms, below what a voice does
constexpr double k_prompt_clipped_share = 0.0005;                 // of all samples, at full scale

struct PromptAudio {
    std::string mulaw;     // 8 kHz
    double dbfs = 0;       // RMS between the silences
    std::chrono::milliseconds length{0};
    std::vector<std::string> problems;  // empty: good
};

PromptAudio examine_prompt(const audio::Wav& wav);

}  // namespace holdfast::ctl
