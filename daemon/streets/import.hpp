// Street data of others, read into segments: CSV as daemon/streets/README.md documents it, and GeoPackage in the names of
// NENA-STA-006 (centrelines and address points). The file is somebody else's: bounded, checked, and every row that is
// passed over is counted with its reason.
#pragma once

#include "base/error.hpp"
#include "streets/list.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::streets {

struct Imported {
    std::vector<Segment> segments;
    std::int64_t rows = 0;                   // of the file
    std::int64_t passed_over = 0;
    std::vector<std::string> problems;       // the first few, with the place: "line 12: low is not a number"
};

// Errors: "open", "format" (detail says what is missing), "empty", "too_large".
base::Result<Imported> import_csv(std::string_view text);
base::Result<Imported> import_geopackage(const std::string& path);
// By the file's own first bytes.
base::Result<Imported> import_file(const std::string& path);

}  // namespace holdfast::streets
