// What `holdfastctl check FILE` finds in a journal that is not in use, or in a copy of one. Nothing is
// written to the file.
#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::store {

struct TableRows {
    std::string table;
    std::int64_t rows = 0;
};

struct CheckFinding {
    std::string check;   // "integrity", "schema", "row_hash", "call_seq", "counter", "chain"
    std::string detail;  // table and row of the first bad one; no content
};

struct CheckReport {
    std::int64_t schema_version = 0;
    std::string generation;
    std::string site_id;
    std::string created_by;  // version of the daemon that created the file
    std::int64_t created_utc_ms = 0;
    bool stopped_cleanly = false;
    std::vector<TableRows> tables;
    std::vector<CheckFinding> findings;
    std::vector<std::string> notes;  // worth knowing, not wrong
    bool good() const { return findings.empty(); }
};

// Errors: "no_such_file", "unreadable", "in_use" (a daemon holds it), "not_a_journal" (a healthy
// database of something else). A damaged file is not an error but a report with findings.
base::Result<CheckReport> check_file(const std::string& path);

}  // namespace holdfast::store
