#include "provider/files.hpp"

#include "audio/wav.hpp"
#include "base/text.hpp"
#include "provider/hearing.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace holdfast::sim {
namespace {

constexpr std::array<std::string_view, 4> k_models{"gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-mini-transcribe",
                                                   "whisper-1"};
constexpr std::array<std::string_view, 9> k_fields{"file", "model", "language", "languages", "keywords", "prompt",
                                                   "response_format", "temperature", "stream"};
constexpr std::array<std::string_view, 9> k_endings{".flac", ".mp3", ".mp4", ".mpeg", ".mpga", ".m4a", ".ogg", ".wav", ".webm"};
constexpr unsigned k_tag_pcm = 1;
constexpr std::size_t k_tag_at = 20;  // of a plain WAV

template <class List>
bool is_one_of(const List& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

struct Part {
    std::string name, filename, type;
    std::string_view content;
};

// Of a header like `form-data; name="file"; filename="a.wav"`.
std::string quoted(std::string_view header, std::string_view key) {
    const auto at = header.find("; " + std::string(key) + "=\"");
    if (at == std::string_view::npos) return {};
    const auto from = at + key.size() + 4;
    return std::string(header.substr(from, header.find('"', from) - from));
}

// nullopt: not a form of RFC 7578.
std::optional<std::vector<Part>> parts_of(std::string_view body, const std::string& boundary) {
    const std::string line = "\r\n--" + boundary;
    if (body.substr(0, line.size() - 2) != std::string_view(line).substr(2)) return std::nullopt;
    std::vector<Part> parts;
    for (std::string_view rest = body.substr(line.size() - 2); rest.substr(0, 4) != "--\r\n";) {
        const auto head_end = rest.find("\r\n\r\n");
        const auto end = rest.find(line, head_end == std::string_view::npos ? 0 : head_end + 2);
        if (rest.substr(0, 2) != "\r\n" || head_end == std::string_view::npos || end == std::string_view::npos) return std::nullopt;
        Part part;
        part.content = rest.substr(head_end + 4, end - std::min(end, head_end + 4));
        for (auto head = rest.substr(2, head_end); !head.empty();) {
            const auto field = head.substr(0, head.find("\r\n"));
            head.remove_prefix(std::min(head.size(), field.size() + 2));
            const auto colon = std::min(field.find(':'), field.size());
            const auto value = field.substr(std::min(colon + 2, field.size()));
            if (base::equal_ignoring_case(field.substr(0, colon), "Content-Disposition")) {
                part.name = quoted(value, "name");
                part.filename = quoted(value, "filename");
            } else if (base::equal_ignoring_case(field.substr(0, colon), "Content-Type")) {
                part.type.assign(value);
            }
        }
        parts.push_back(std::move(part));
        rest.remove_prefix(end + line.size());
    }
    return parts;
}

void refuse(HeardFile& heard, int status, std::string code, std::string message, std::string param = {}) {
    heard.status = status;
    heard.code = std::move(code);
    heard.message = std::move(message);
    heard.param = std::move(param);
}

void listen(HeardFile& heard, const Part& file) {
    const auto dot = file.filename.rfind('.');
    if (dot == std::string::npos || !is_one_of(k_endings, std::string_view(file.filename).substr(dot))) {
        return refuse(heard, 400, "unsupported_format", "Invalid file format.", "file");
    }
    if (file.content.size() > k_file_bytes_max) return refuse(heard, 413, "file_too_large", "Maximum content size limit exceeded.", "file");
    // No text says that mu-law inside a WAV is read, so here it is not.
    const bool pcm = file.content.size() > k_tag_at && static_cast<unsigned char>(file.content[k_tag_at]) == k_tag_pcm;
    const auto wav = audio::read_wav(file.content);
    if (!wav || !pcm || wav->samples.empty()) {
        return refuse(heard, 400, "unsupported_format",
                      "The audio file could not be decoded or its format is not supported.", "file");
    }
    heard.audio_ms = static_cast<std::int64_t>(wav->samples.size() / wav->channels) * 1000 / wav->rate;
    Hearing hearing;
    hearing.configure(WireFormat::pcmu, VadSettings{});
    for (const auto& edge : hearing.append(audio::to_mulaw_8k(*wav))) heard.turns += edge.started ? 1 : 0;
}

}  // namespace

HeardFile hear_file(const HttpMessage& request, std::string_view key) {
    HeardFile heard;
    const auto authorization = request.header("Authorization");
    if (authorization.substr(0, 7) != "Bearer " || authorization.size() < 8 || (!key.empty() && authorization.substr(7) != key)) {
        refuse(heard, 401, "invalid_api_key", "Incorrect API key provided.");
        return heard;
    }
    const std::string_view type = request.header("Content-Type");
    constexpr std::string_view k_form = "multipart/form-data; boundary=";
    const auto parts = request.method == "POST" && type.substr(0, k_form.size()) == k_form
                           ? parts_of(request.body, std::string(type.substr(k_form.size())))
                           : std::nullopt;
    if (!parts) {
        refuse(heard, 400, "bad_request", "Could not parse multipart form.");
        return heard;
    }
    const Part* file = nullptr;
    std::string format = "json";
    for (const Part& part : *parts) {
        if (!is_one_of(k_fields, part.name)) refuse(heard, 400, "unknown_parameter", "Unknown parameter.", part.name);
        if (part.name == "file") file = &part;
        if (part.name == "model") heard.model = part.content;
        if (part.name == "response_format") format = part.content;
    }
    if (heard.status != 200) return heard;
    if (heard.model.empty()) {
        refuse(heard, 400, "missing_required_parameter", "you must provide a model parameter", "model");
    } else if (!is_one_of(k_models, heard.model)) {
        refuse(heard, 404, "model_not_found", "The model does not exist.", "model");
    } else if (format != "json" && heard.model != "whisper-1") {
        refuse(heard, 400, "unsupported_value", "response_format is not compatible with this model.", "response_format");
    } else if (file == nullptr) {
        refuse(heard, 400, "missing_required_parameter", "you must provide a file", "file");
    } else {
        heard.file_bytes = file->content.size();
        listen(heard, *file);
    }
    return heard;
}

}  // namespace holdfast::sim
