// What a recording is called, and what its file says about itself: enough to make the journal's row from
// the file alone. Pure; everything read is checked.
#pragma once

#include "base/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::recording {

struct Identity {
    base::CallSid call;
    std::string generation;  // of the journal
    std::int64_t number = 1;  // of this call's recordings
    std::int64_t utc_ms = 0;
    std::int64_t offset_ms = 0;
    std::string retention_class;
    bool sealed = false;  // so that nobody plays noise, such a file has another name
};

constexpr std::string_view k_part = ".part";
constexpr std::string_view k_sealed = ".sealed";
constexpr std::size_t k_word_bytes_max = 64;

bool ends_with(std::string_view text, std::string_view end);
// Letters, digits and '-', at least one, at most k_word_bytes_max: safe in a file name and a log.
bool is_word(std::string_view text);
std::string word_or(std::string_view text, std::string_view otherwise);

std::string file_name(const Identity& identity);  // CALLSID.GENERATION.N.wav, or CALLSID.GENERATION.N.wav.sealed
// Of a finished file; with `.part` the caller cuts it off first. Fills call, generation, number and whether it is sealed.
std::optional<Identity> parse_file_name(std::string_view name);

std::string comment_of(const Identity& identity, std::int64_t lost_ms);
// Fills the rest of `identity`, when the comment is ours and about the same call.
bool read_comment(std::string_view comment, Identity& identity, std::int64_t& lost_ms);

}  // namespace holdfast::recording
