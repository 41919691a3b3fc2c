#include "audio/wav.hpp"

#include "audio/mulaw.hpp"
#include "audio/resample.hpp"

#include <algorithm>
#include <fstream>

namespace holdfast::audio {
namespace {

constexpr std::size_t k_file_bytes_max = 256u * 1024 * 1024;
constexpr unsigned k_rate_min = 4000;
constexpr unsigned k_rate_max = 192'000;
constexpr unsigned k_tag_pcm = 1;
constexpr unsigned k_tag_mulaw = 7;
constexpr unsigned k_tag_extensible = 0xfffe;  // the real tag is then in the sub-format

base::Error bad(const char* code, std::string detail) {
    return base::make_error(base::Condition::reject, code, std::move(detail));
}

unsigned little(std::string_view bytes, std::size_t at, std::size_t width) {
    unsigned value = 0;
    for (std::size_t i = width; i-- > 0;) {
        value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
    }
    return value;
}

void put(std::string& out, unsigned value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) {
        out += static_cast<char>((value >> (8 * i)) & 0xff);
    }
}

struct Format {
    unsigned tag = 0;
    unsigned channels = 0;
    unsigned rate = 0;
    unsigned bits = 0;
};

base::Result<Format> read_format(std::string_view chunk) {
    if (chunk.size() < 16)
        return bad("wav_format_short", "fmt chunk of " + std::to_string(chunk.size()) + " bytes");
    Format f{little(chunk, 0, 2), little(chunk, 2, 2), little(chunk, 4, 4), little(chunk, 14, 2)};
    if (f.tag == k_tag_extensible && chunk.size() >= 26) f.tag = little(chunk, 24, 2);
    const bool known =
        (f.tag == k_tag_pcm && f.bits == 16) || (f.tag == k_tag_mulaw && f.bits == 8);
    if (!known) {
        return bad("wav_encoding", "format tag " + std::to_string(f.tag) + " with " +
                                       std::to_string(f.bits) +
                                       " bits; wanted 16-bit PCM or 8-bit mu-law");
    }
    if (f.channels < 1 || f.channels > 2)
        return bad("wav_channels", std::to_string(f.channels) + " channels");
    if (f.rate < k_rate_min || f.rate > k_rate_max)
        return bad("wav_rate", std::to_string(f.rate) + " Hz");
    return f;
}

Wav decode(const Format& format, std::string_view data) {
    Wav wav;
    wav.rate = format.rate;
    wav.channels = format.channels;
    if (format.tag == k_tag_mulaw) {
        wav.samples = mulaw_decode(data.substr(0, data.size() - data.size() % format.channels));
        return wav;
    }
    const std::size_t block = 2 * format.channels;
    wav.samples.resize(data.size() / block * format.channels);
    for (std::size_t i = 0; i < wav.samples.size(); ++i) {
        wav.samples[i] =
            static_cast<std::int16_t>(static_cast<std::uint16_t>(little(data, 2 * i, 2)));
    }
    return wav;
}

std::string header(unsigned tag, unsigned rate, unsigned channels, unsigned bits,
                   std::size_t data_bytes) {
    const unsigned block = channels * bits / 8;
    const unsigned extra = tag == k_tag_pcm ? 0 : 2;  // cbSize, required for everything but PCM
    std::string out = "RIFF";
    const auto bytes = static_cast<unsigned>(data_bytes);
    put(out, 4 + 8 + 16 + extra + 8 + bytes + bytes % 2, 4);
    out += "WAVEfmt ";
    put(out, 16 + extra, 4);
    put(out, tag, 2);
    put(out, channels, 2);
    put(out, rate, 4);
    put(out, rate * block, 4);
    put(out, block, 2);
    put(out, bits, 2);
    if (extra != 0) put(out, 0, 2);
    out += "data";
    put(out, bytes, 4);
    return out;
}

}  // namespace

base::Result<Wav> read_wav(std::string_view bytes) {
    if (bytes.size() < 12 || bytes.substr(0, 4) != "RIFF" || bytes.substr(8, 4) != "WAVE") {
        return bad("wav_not_riff", "not a RIFF/WAVE file");
    }
    Format format;
    for (std::size_t at = 12; bytes.size() - at >= 8;) {
        const std::string_view id = bytes.substr(at, 4);
        const std::size_t length = little(bytes, at + 4, 4);
        at += 8;
        const std::size_t present = std::min(length, bytes.size() - at);
        if (id == "fmt ") {
            if (present < length) return bad("wav_truncated", "fmt chunk runs past the end");
            auto read = read_format(bytes.substr(at, length));
            if (!read) return read.error();
            format = *read;
        } else if (id == "data") {
            if (format.tag == 0) return bad("wav_no_format", "data chunk before any fmt chunk");
            // Programs that write to a pipe (espeak-ng, sox) cannot know the length and leave a
            // placeholder: what is there is what there is.
            return decode(format, bytes.substr(at, present));
        }
        if (present < length) break;
        at += std::min(length + length % 2, bytes.size() - at);
    }
    return bad("wav_no_data", "no data chunk");
}

base::Result<Wav> read_wav_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) return bad("wav_open", path + ": cannot be opened");
    const auto size = static_cast<std::streamoff>(file.tellg());
    if (size < 0 || static_cast<std::size_t>(size) > k_file_bytes_max)
        return bad("wav_size", path + ": too large");
    std::string bytes(static_cast<std::size_t>(size), '\0');
    file.seekg(0);
    if (!file.read(bytes.data(), size)) return bad("wav_read", path + ": cannot be read");
    auto wav = read_wav(bytes);
    if (!wav) return bad(wav.error().code, path + ": " + wav.error().detail);
    return wav;
}

std::vector<std::int16_t> to_mono(const Wav& wav) {
    if (wav.channels == 1) return wav.samples;
    std::vector<std::int16_t> mono(wav.samples.size() / 2);
    for (std::size_t i = 0; i < mono.size(); ++i) {
        mono[i] = static_cast<std::int16_t>((wav.samples[2 * i] + wav.samples[2 * i + 1]) / 2);
    }
    return mono;
}

std::string to_mulaw_8k(const Wav& wav) {
    return mulaw_encode(resample(to_mono(wav), wav.rate, k_mulaw_rate));
}

std::string write_wav_mulaw(std::string_view mulaw_8k) {
    std::string out = header(k_tag_mulaw, k_mulaw_rate, 1, 8, mulaw_8k.size());
    out += mulaw_8k;
    if (out.size() % 2 != 0) out += '\0';  // chunks are padded to even length
    return out;
}

std::string wav_head_mulaw(std::size_t data_bytes, unsigned channels, std::string_view comment) {
    std::string info;
    if (!comment.empty()) {
        info = "LIST";
        const auto text = static_cast<unsigned>(comment.size() + 1);  // a terminating zero belongs to it
        put(info, 4 + 8 + text + text % 2, 4);
        info += "INFOICMT";
        put(info, text, 4);
        info += comment;
        info.append(1 + text % 2, '\0');
    }
    std::string facts = "fact";  // every format but PCM has to say how many samples there are
    put(facts, 4, 4);
    put(facts, static_cast<unsigned>(data_bytes / channels), 4);
    std::string out = header(k_tag_mulaw, k_mulaw_rate, channels, 8, data_bytes);
    const std::size_t data_chunk = out.size() - 8;
    out.insert(data_chunk, facts + info);
    const auto riff = little(out, 4, 4) + static_cast<unsigned>(facts.size() + info.size());
    std::string size;
    put(size, riff, 4);
    return out.replace(4, 4, size);
}

base::Result<WavHead> read_wav_head(std::string_view bytes) {
    if (bytes.size() < 12 || bytes.substr(0, 4) != "RIFF" || bytes.substr(8, 4) != "WAVE") {
        return bad("wav_not_riff", "not a RIFF/WAVE file");
    }
    WavHead head;
    for (std::size_t at = 12; bytes.size() - at >= 8;) {
        const std::string_view id = bytes.substr(at, 4);
        const std::size_t length = little(bytes, at + 4, 4);
        at += 8;
        if (id == "data") {
            if (head.rate == 0) return bad("wav_no_format", "data chunk before any fmt chunk");
            head.data_offset = at;
            head.data_bytes = length;
            return head;
        }
        if (length > bytes.size() - at) break;
        const auto chunk = bytes.substr(at, length);
        if (id == "fmt ") {
            const auto format = read_format(chunk);
            if (!format) return format.error();
            head.rate = format->rate;
            head.channels = format->channels;
            head.mulaw = format->tag == k_tag_mulaw;
        } else if (id == "LIST" && chunk.substr(0, 8) == "INFOICMT" && chunk.size() >= 12) {
            const auto text = chunk.substr(12, little(chunk, 8, 4));
            head.comment.assign(text.substr(0, text.find('\0')));
        }
        at += std::min(length + length % 2, bytes.size() - at);
    }
    return bad("wav_no_data", "no data chunk");
}

std::string write_wav_pcm16(const std::vector<std::int16_t>& samples, unsigned rate,
                            unsigned channels) {
    std::string out = header(k_tag_pcm, rate, channels, 16, samples.size() * 2);
    for (const std::int16_t s : samples) put(out, static_cast<std::uint16_t>(s), 2);
    return out;
}

}  // namespace holdfast::audio
