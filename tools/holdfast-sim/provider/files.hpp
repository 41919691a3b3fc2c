// POST /v1/audio/transcriptions (openai-realtime.md 12.1): checks the form and the file as the service does, and
// listens to the audio: what has no sound has no words. Pure.
#pragma once

#include "wire/http.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::sim {

constexpr std::size_t k_file_bytes_max = 25 * 1024 * 1024;
constexpr std::size_t k_upload_bytes_max = k_file_bytes_max + 64 * 1024;  // with the rest of the form

struct HeardFile {
    int status = 200;
    std::string code;      // of a refusal
    std::string message;
    std::string param;
    std::string model;
    std::size_t file_bytes = 0;
    std::int64_t audio_ms = 0;
    int turns = 0;         // runs of sound in it
};

HeardFile hear_file(const HttpMessage& request, std::string_view key);

}  // namespace holdfast::sim
