#include "voice/scripted/tts_audio.hpp"

#include "base/base64.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace holdfast::voice::scripted {
namespace {

constexpr std::size_t k_looked_at = 64;          // 8 ms of audio: nobody hears the wait
constexpr std::size_t k_bytes_per_ms = 8;
constexpr std::size_t k_fastest_ms_per_char = 20;
constexpr std::size_t k_slowest_ms_per_char = 600;
constexpr std::size_t k_slowest_extra_ms = 3000;

bool starts(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

bool starts_ignoring_case(std::string_view text, std::string_view with) {
    return base::equal_ignoring_case(text.substr(0, with.size()), with);
}

bool printable(std::string_view bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](char c) {
        return (c >= 0x20 && c <= 0x7e) || c == '\n' || c == '\r' || c == '\t';
    });
}

// Length of the MPEG layer III frame whose header stands at the front; 0: none.
std::size_t mp3_frame(std::string_view bytes) {
    if (bytes.size() < 4) return 0;
    const auto at = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(bytes[i])); };
    if (at(0) != 0xff || (at(1) & 0xe0u) != 0xe0u) return 0;
    const unsigned version = (at(1) >> 3) & 3u;
    const unsigned layer = (at(1) >> 1) & 3u;
    const unsigned rate_index = at(2) >> 4;
    const unsigned sample_index = (at(2) >> 2) & 3u;
    if (version == 1 || layer != 1 || rate_index == 0 || rate_index == 15 || sample_index == 3) return 0;
    static constexpr std::array<unsigned, 15> k_first{0,   32,  40,  48,  56,  64,  80, 96,
                                                      112, 128, 160, 192, 224, 256, 320};
    static constexpr std::array<unsigned, 15> k_second{0,  8,  16, 24, 32,  40,  48, 56,
                                                       64, 80, 96, 112, 128, 144, 160};
    static constexpr std::array<unsigned, 3> k_samples{44100, 48000, 32000};
    const bool first = version == 3;
    const unsigned divide = first ? 1 : version == 2 ? 2 : 4;
    const unsigned kbps = first ? k_first[rate_index] : k_second[rate_index];
    const unsigned padding = (at(2) >> 1) & 1u;
    return (first ? 144u : 72u) * kbps * 1000u / (k_samples[sample_index] / divide) + padding;
}

}  // namespace

const char* refuse_type(std::string_view type) {
    type = type.substr(0, type.find(';'));
    while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
    if (starts_ignoring_case(type, "text/")) return "html";
    if (starts_ignoring_case(type, "application/json") || starts_ignoring_case(type, "application/problem")) {
        return "json";
    }
    for (const std::string_view mp3 : {"audio/mpeg", "audio/mp3"}) {
        if (base::equal_ignoring_case(type, mp3)) return "mp3";
    }
    for (const std::string_view other : {"audio/wav", "audio/x-wav", "audio/ogg", "audio/opus", "audio/l16"}) {
        if (base::equal_ignoring_case(type, other)) return "audio";
    }
    return nullptr;
}

std::size_t speech_bytes_min(std::string_view text) { return text.size() * k_fastest_ms_per_char * k_bytes_per_ms; }

std::size_t speech_bytes_max(std::string_view text) {
    return (text.size() * k_slowest_ms_per_char + k_slowest_extra_ms) * k_bytes_per_ms;
}

std::string MulawJudge::take(std::string_view bytes) {
    total_ += bytes.size();
    if (refused_ != nullptr) return {};
    all_ += bytes;
    if (!passed_ && !look(false)) return {};
    return emit(false);
}

std::string MulawJudge::finish() {
    if (refused_ != nullptr || (!passed_ && !look(true))) return {};
    return emit(true);
}

// True once the bytes may be played. A mu-law sample can have any value, so no single byte decides: text
// is a text mark followed by nothing but text, MP3 is two frame headers at the right distance.
bool MulawJudge::look(bool complete) {
    const std::string_view seen(all_);
    if (seen.size() < k_looked_at && !complete) return false;
    if (starts(seen, "ID3") && seen.size() > 4 && seen[3] <= 4) refused_ = "mp3";
    for (const std::string_view mark : {"RIFF", "OggS", "fLaC"}) {
        if (starts(seen, mark)) refused_ = "audio";
    }
    std::string_view text = seen;
    if (starts(text, "\xef\xbb\xbf")) text.remove_prefix(3);
    while (!text.empty() && (text.front() == ' ' || text.front() == '\n' || text.front() == '\r')) {
        text.remove_prefix(1);
    }
    if (!text.empty() && printable(text.substr(0, k_looked_at))) {
        if (text.front() == '<') refused_ = "html";
        if (text.front() == '{' || text.front() == '[') refused_ = "json";
    }
    if (const std::size_t frame = mp3_frame(seen); refused_ == nullptr && frame != 0) {
        if (seen.size() < frame + 4 && !complete) return false;
        if (seen.size() >= frame + 4 && mp3_frame(seen.substr(frame)) != 0) refused_ = "mp3";
    }
    passed_ = refused_ == nullptr;
    return passed_;
}

std::string MulawJudge::emit(bool complete) {
    std::string_view rest(all_);
    rest.remove_prefix(emitted_);
    if (!complete) rest = rest.substr(0, rest.size() - rest.size() % 3);
    emitted_ += rest.size();
    return base::base64_encode(rest);
}

}  // namespace holdfast::voice::scripted
