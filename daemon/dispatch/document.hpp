// What a CAD is told of a dispatch: our own document, and one in the shape of NENA's EIDO. Pure; JSON text.
//
// Our own: daemon/dispatch/README.md, "holdfast.dispatch/1"; members are added under the same version, and never
// renamed or removed. The EIDO-shaped one holds the members that tests/data/dispatch/eido.schema.json lists; it was
// never checked against NENA's own schema.
#pragma once

#include "dispatch/life.hpp"
#include "store/journal.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::dispatch {

enum class Format { own, eido };
std::optional<Format> format_of(std::string_view word);  // "holdfast", "eido"

struct DocumentAbout {
    std::string site_id;
    Format format = Format::own;
    std::int64_t utc_ms = 0;  // of this revision
};

// `call`: with the life's steps among its rows.
std::string document(const store::CallDetail& call, const Life& life, const DocumentAbout& about);
std::string_view content_type(Format format);

}  // namespace holdfast::dispatch
