// A Record as bytes, for the emergency file. Pure. The form is ours and lives only until the next
// start: one tag byte, then the members in the order of record_codec.cpp; numbers little-endian,
// strings with a 32-bit length.
#pragma once

#include "store/journal.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::store {

void append_record(std::string& out, const Record& record);
// Nothing when the bytes are not exactly one record.
std::optional<Record> parse_record(std::string_view bytes);

}  // namespace holdfast::store
