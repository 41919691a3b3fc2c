#include "streets/file.hpp"

#include "streets/sqlite_impl.hpp"

#include <unistd.h>

#include <cstdio>

namespace holdfast::streets {
namespace {

constexpr std::int64_t k_application_id = 0x48465331;  // "HFS1"
constexpr std::int64_t k_version = 1;

constexpr const char* k_schema =
    "PRAGMA application_id=1212568369; PRAGMA user_version=1; PRAGMA journal_mode=OFF; PRAGMA synchronous=FULL; BEGIN;"
    "CREATE TABLE about (source TEXT NOT NULL, imported_utc_ms INTEGER NOT NULL, segments INTEGER NOT NULL) STRICT;"
    "CREATE TABLE segment (predir TEXT NOT NULL, name TEXT NOT NULL, suffix TEXT NOT NULL, postdir TEXT NOT NULL, community "
    "TEXT NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL, parity TEXT NOT NULL CHECK (parity IN ('O', 'E', 'B', 'Z')), "
    "from_node INTEGER NOT NULL, to_node INTEGER NOT NULL) STRICT;";
static_assert(k_application_id == 1212568369);

base::Error wrong(const char* code, std::string detail) { return base::make_error(base::Condition::fatal, code, std::move(detail)); }

std::int64_t pragma(sqlite3* db, const char* sql) {
    Statement q(db, sql);
    return q.step() ? q.number(0) : -1;
}

}  // namespace

base::Result<void> write_list(const std::string& path, const std::vector<Segment>& segments, const About& about) {
    if (segments.empty()) return wrong("empty", "there is no street in it");
    const std::string temporary = path + ".new";
    ::unlink(temporary.c_str());
    {
        const auto db = open_database(temporary, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
        if (!db) return wrong("open", temporary);
        const auto failed = [&] {
            std::string why = sqlite3_errmsg(db.get());
            ::unlink(temporary.c_str());
            return wrong("write", temporary + ": " + why);
        };
        if (sqlite3_exec(db.get(), k_schema, nullptr, nullptr, nullptr) != SQLITE_OK) return failed();
        {
            Statement head(db.get(), "INSERT INTO about VALUES (?, ?, ?)");
            head.bind(1, about.source);
            head.bind(2, about.imported_utc_ms);
            head.bind(3, static_cast<std::int64_t>(segments.size()));
            head.step();
            if (!head.good()) return failed();
            Statement row(db.get(), "INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
            for (const auto& segment : segments) {
                row.bind(1, segment.predir);
                row.bind(2, segment.name);
                row.bind(3, segment.suffix);
                row.bind(4, segment.postdir);
                row.bind(5, segment.community);
                row.bind(6, segment.low);
                row.bind(7, segment.high);
                row.bind(8, std::string_view(&segment.parity, 1));
                row.bind(9, static_cast<std::int64_t>(segment.from_node));
                row.bind(10, static_cast<std::int64_t>(segment.to_node));
                row.step();
                if (!row.good()) return failed();
                row.again();
            }
        }
        if (sqlite3_exec(db.get(), "COMMIT", nullptr, nullptr, nullptr) != SQLITE_OK) return failed();
    }
    if (std::rename(temporary.c_str(), path.c_str()) != 0) {
        ::unlink(temporary.c_str());
        return wrong("write", path);
    }
    return {};
}

base::Result<std::shared_ptr<const List>> read_list(const std::string& path, About* about) {
    const auto db = open_database(path, SQLITE_OPEN_READONLY);
    if (!db) return wrong("open", path);
    if (pragma(db.get(), "PRAGMA application_id") != k_application_id) return wrong("format", path + " is not a street list of holdfastctl streets import");
    if (pragma(db.get(), "PRAGMA user_version") != k_version) return wrong("version", path + " was written by another version: import it again");
    auto list = std::make_shared<List>();
    Statement row(db.get(), "SELECT predir, name, suffix, postdir, community, low, high, parity, from_node, to_node FROM segment");
    std::size_t rows = 0;
    while (row.step()) {
        if (++rows > k_segments_max) return wrong("format", path + " has more rows than any county");
        const std::string parity = row.text(7);
        list->add({row.text(0), row.text(1), row.text(2), row.text(3), row.text(4), row.number(5), row.number(6),
                   parity.empty() ? 'B' : parity.front(), static_cast<std::uint64_t>(row.number(8)), static_cast<std::uint64_t>(row.number(9))});
    }
    if (!row.good()) return wrong("format", path + ": " + sqlite3_errmsg(db.get()));
    if (rows == 0) return wrong("empty", path + " has no street");
    if (about != nullptr) {
        Statement head(db.get(), "SELECT source, imported_utc_ms, segments FROM about");
        if (head.step()) *about = {head.text(0), head.number(1), head.number(2)};
    }
    list->finish();
    return std::shared_ptr<const List>(std::move(list));
}

}  // namespace holdfast::streets
