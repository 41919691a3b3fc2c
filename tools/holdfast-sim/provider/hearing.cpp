#include "provider/hearing.hpp"

#include "audio/level.hpp"
#include "audio/mulaw.hpp"
#include "audio/resample.hpp"

#include <algorithm>

namespace holdfast::sim {
namespace {

constexpr std::int64_t k_frame_ms = 20;
constexpr std::int64_t k_attack_frames = 3;

// The service's threshold is a probability; on a clean line this level tells speech as well.
double dbfs_of(double threshold) {
    return -40 + (threshold - 0.5) * 40;
}

std::int16_t little16(std::string_view bytes, std::size_t at) {
    return static_cast<std::int16_t>(static_cast<unsigned char>(bytes[at]) |
                                     (static_cast<unsigned char>(bytes[at + 1]) << 8));
}

}  // namespace

VadSettings vad_settings_of(const nlohmann::json& d) {
    VadSettings s;
    s.on = d.is_object();
    if (!s.on) return s;
    s.threshold = d.value("threshold", 0.5);
    s.prefix_ms = d.value("prefix_padding_ms", 300);
    s.silence_ms = d.value("silence_duration_ms", 500);
    return s;
}

void Hearing::configure(WireFormat format, const VadSettings& vad) {
    if (format != format_) partial_.clear();
    format_ = format;
    vad_ = vad;
}

double Hearing::level_of(std::string_view frame) const {
    if (format_ == WireFormat::pcmu) return audio::dbfs(frame);
    double sum = 0;
    std::size_t samples = 0;
    const std::size_t step = format_ == WireFormat::pcma ? 1 : 2;
    for (std::size_t i = 0; i + step <= frame.size(); i += step, ++samples) {
        const double s =
            step == 1 ? alaw_decode(static_cast<std::uint8_t>(frame[i])) : little16(frame, i);
        sum += s * s;
    }
    return audio::to_dbfs(sum / (32768.0 * 32768.0) /
                          static_cast<double>(std::max<std::size_t>(samples, 1)));
}

std::vector<SpeechEdge> Hearing::append(std::string_view bytes) {
    std::vector<SpeechEdge> edges;
    partial_ += bytes;
    const std::size_t frame_bytes = bytes_per_second(format_) / 50;
    std::size_t at = 0;
    for (; at + frame_bytes <= partial_.size(); at += frame_bytes) {
        push_frame(level_of(std::string_view(partial_).substr(at, frame_bytes)), edges);
    }
    partial_.erase(0, at);
    return edges;
}

void Hearing::push_frame(double dbfs, std::vector<SpeechEdge>& edges) {
    const std::int64_t from = samples_ms_;
    samples_ms_ += k_frame_ms;
    if (!vad_.on) return;
    if (dbfs >= dbfs_of(vad_.threshold)) {
        quiet_ms_ = 0;
        if (loud_frames_++ == 0) loud_from_ms_ = from;
        if (speaking_ || loud_frames_ < k_attack_frames) return;
        speaking_ = true;
        edges.push_back({true, std::max<std::int64_t>(0, loud_from_ms_ - vad_.prefix_ms)});
        return;
    }
    loud_frames_ = 0;
    quiet_ms_ += k_frame_ms;
    if (!speaking_ || quiet_ms_ < vad_.silence_ms) return;
    speaking_ = false;
    edges.push_back({false, samples_ms_});
}

std::int16_t alaw_decode(std::uint8_t byte) {
    const int code = byte ^ 0x55;
    const int exponent = (code >> 4) & 7;
    int magnitude = ((code & 0x0f) << 4) + 8;
    if (exponent > 0) magnitude = (magnitude + 0x100) << (exponent - 1);
    return static_cast<std::int16_t>((code & 0x80) != 0 ? magnitude : -magnitude);
}

std::uint8_t alaw_encode(std::int16_t sample) {  // as alaw_compress of ITU-T G.191
    int code = (sample < 0 ? ~int{sample} : int{sample}) >> 4;
    if (code > 15) {
        int exponent = 1;
        for (; code > 31; code >>= 1) ++exponent;
        code = code - 16 + (exponent << 4);
    }
    return static_cast<std::uint8_t>((code | (sample >= 0 ? 0x80 : 0)) ^ 0x55);
}

std::string to_wire(std::string_view mulaw, WireFormat format) {
    if (format == WireFormat::pcmu) return std::string(mulaw);
    auto samples = audio::mulaw_decode(mulaw);
    std::string out;
    if (format == WireFormat::pcma) {
        for (const auto s : samples) out += static_cast<char>(alaw_encode(s));
        return out;
    }
    samples = audio::resample(samples, audio::k_mulaw_rate, 24000);
    out.reserve(samples.size() * 2);
    for (const auto s : samples) {
        out += static_cast<char>(s & 0xff);
        out += static_cast<char>((s >> 8) & 0xff);
    }
    return out;
}

}  // namespace holdfast::sim
