#include "holdfastctl/prompt_audio.hpp"

#include "audio/level.hpp"
#include "audio/mulaw.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace holdfast::ctl {
namespace {

using std::chrono::milliseconds;

// The loudest that mu-law can say is 32124; a 16-bit recording that was cut off lies above it.
constexpr int k_full_scale = 32'100;
constexpr std::size_t k_bytes_per_ms = audio::k_mulaw_rate / 1000;

std::string seconds(milliseconds time) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(time.count()) / 1000.0);
    return text;
}

std::string decibels(double level) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f dBFS", level);
    return text;
}

milliseconds lasting(std::size_t bytes) { return milliseconds(static_cast<std::int64_t>(bytes / k_bytes_per_ms)); }

bool silent(std::string_view frame) { return audio::dbfs(frame) < k_prompt_silence_dbfs; }

// What is heard, from its first frame to its last; empty: nothing is.
std::string_view between_silences(std::string_view mulaw, std::size_t& lead) {
    lead = 0;
    while (lead < mulaw.size() && silent(mulaw.substr(lead, audio::k_mulaw_frame_bytes))) {
        lead = std::min(mulaw.size(), lead + audio::k_mulaw_frame_bytes);
    }
    std::string_view heard = mulaw.substr(lead);
    while (heard.size() >= audio::k_mulaw_frame_bytes &&
           silent(heard.substr(heard.size() - audio::k_mulaw_frame_bytes))) {
        heard.remove_suffix(audio::k_mulaw_frame_bytes);
    }
    return heard;
}

std::size_t at_full_scale(const audio::Wav& wav) {
    return static_cast<std::size_t>(std::count_if(wav.samples.begin(), wav.samples.end(),
                                                  [](int sample) { return std::abs(sample) >= k_full_scale; }));
}

}  // namespace

PromptAudio examine_prompt(const audio::Wav& wav) {
    PromptAudio found;
    found.mulaw = audio::to_mulaw_8k(wav);
    found.length = lasting(found.mulaw.size());
    auto& problems = found.problems;
    if (found.length > k_prompt_longest) {
        problems.push_back("too long: " + seconds(found.length) + ", at most " + seconds(k_prompt_longest));
    }
    std::size_t lead = 0;
    const std::string_view heard = between_silences(found.mulaw, lead);
    found.dbfs = audio::dbfs(heard);
    if (lasting(heard.size()) < k_prompt_shortest) {
        problems.emplace_back("nothing to hear in it");
        return found;
    }
    if (const auto before = lasting(lead); before > k_prompt_lead_max) {
        problems.push_back("begins with " + seconds(before) + " of silence, at most " + seconds(k_prompt_lead_max));
    }
    if (const auto behind = lasting(found.mulaw.size() - lead - heard.size()); behind > k_prompt_tail_max) {
        problems.push_back("ends with " + seconds(behind) + " of silence, at most " + seconds(k_prompt_tail_max));
    }
    const auto wanted = ", wanted " + decibels(k_prompt_dbfs_min) + " to " + decibels(k_prompt_dbfs_max);
    if (found.dbfs < k_prompt_dbfs_min) problems.push_back("too quiet: " + decibels(found.dbfs) + wanted);
    if (found.dbfs > k_prompt_dbfs_max) problems.push_back("too loud: " + decibels(found.dbfs) + wanted);
    const auto clipped = at_full_scale(wav);
    if (static_cast<double>(clipped) > k_prompt_clipped_share * static_cast<double>(wav.samples.size())) {
        problems.push_back("clipped: " + std::to_string(clipped) + " samples at full scale; record it again, less loud");
    }
    return found;
}

}  // namespace holdfast::ctl
