#include "base/text.hpp"
#include "streets/file.hpp"
#include "streets/import.hpp"
#include "streets/sqlite_impl.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>

namespace holdfast::streets {
namespace {

constexpr std::size_t k_problems_max = 10;
constexpr std::size_t k_geometry_bytes_max = 4 * 1024 * 1024;
constexpr std::uint32_t k_parts_max = 10'000;

base::Error wrong(const char* code, std::string detail) { return base::make_error(base::Condition::fatal, code, std::move(detail)); }

struct Point {
    double x = 0, y = 0;
};

// Ends of a line in a GeoPackage geometry (OGC 12-128r18, 2.1.3): a header, then WKB.
class Wkb {
  public:
    explicit Wkb(std::string_view bytes) : bytes_(bytes) {}

    std::optional<std::pair<Point, Point>> ends() {
        if (bytes_.size() > k_geometry_bytes_max || bytes_.size() < 8 || bytes_.substr(0, 2) != "GP") return std::nullopt;
        const auto flags = static_cast<unsigned char>(bytes_[3]);
        static constexpr std::array<std::size_t, 5> k_envelopes{0, 32, 48, 48, 64};
        const std::size_t kind = (flags >> 1) & 7;
        if (kind >= k_envelopes.size() || (flags & 0x10) != 0) return std::nullopt;
        skip(8 + k_envelopes[kind]);
        return geometry(0);
    }

  private:
    std::optional<std::pair<Point, Point>> geometry(int depth) {
        if (!has(5) || depth > 1) return std::nullopt;
        little_ = bytes_.front() == 1;
        skip(1);
        const std::uint32_t type = u32();
        const std::uint32_t flat = (type & 0xffff) % 1000;
        const std::uint32_t thousands = (type & 0xffff) / 1000;
        const std::size_t extra = (thousands == 1 || thousands == 2 ? 1 : thousands == 3 ? 2 : 0) + ((type & 0x80000000) != 0 ? 1 : 0) +
                                  ((type & 0x40000000) != 0 ? 1 : 0);
        if (!has(4)) return std::nullopt;
        const std::uint32_t count = u32();
        if (flat == 2) {
            const std::size_t size = 16 + 8 * extra;
            if (count < 2 || bytes_.size() / size < count) return std::nullopt;
            const Point first = point();
            skip(8 * extra + size * (count - 2));
            const Point last = point();
            skip(8 * extra);
            return std::make_pair(first, last);
        }
        if (flat != 5 || count == 0 || count > k_parts_max) return std::nullopt;
        std::optional<std::pair<Point, Point>> whole;
        for (std::uint32_t part = 0; part < count; ++part) {
            const auto one = geometry(depth + 1);
            if (!one) return std::nullopt;
            if (!whole) whole = one;
            else whole->second = one->second;
        }
        return whole;
    }
    bool has(std::size_t count) const { return bytes_.size() >= count; }
    void skip(std::size_t count) { bytes_.remove_prefix(std::min(count, bytes_.size())); }
    std::uint32_t u32() {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            const auto byte = static_cast<unsigned char>(bytes_[little_ ? 3 - i : i]);
            value = value << 8 | byte;
        }
        skip(4);
        return value;
    }
    double real() {
        if (!has(8)) return 0;
        std::uint64_t raw = 0;
        for (std::size_t i = 0; i < 8; ++i) raw = raw << 8 | static_cast<unsigned char>(bytes_[little_ ? 7 - i : i]);
        skip(8);
        double value = 0;
        std::memcpy(&value, &raw, sizeof value);
        return value;
    }
    Point point() {
        Point p;
        p.x = real();
        p.y = real();
        return p;
    }

    std::string_view bytes_;
    bool little_ = true;
};

// Ends that lie together are one node: to 1e-6 of the unit, a tenth of a metre in degrees.
std::uint64_t node_of(const Point& p) {
    if (!std::isfinite(p.x) || !std::isfinite(p.y) || std::fabs(p.x) > 1e9 || std::fabs(p.y) > 1e9) return 0;
    const auto x = static_cast<std::uint64_t>(std::llround(p.x * 1e6));
    const auto y = static_cast<std::uint64_t>(std::llround(p.y * 1e6));
    const std::uint64_t mixed = x * 0x9e3779b97f4a7c15ULL ^ (y + 0x7f4a7c159e3779b9ULL) * 0xbf58476d1ce4e5b9ULL;
    return (mixed & 0x7fffffffffffffffULL) | 1;  // never 0, and a positive integer of SQLite
}

std::string quoted(const std::string& name) {
    std::string out = "\"";
    for (const char c : name) out += c == '"' ? "\"\"" : std::string(1, c);
    return out + "\"";
}

// The columns of a table, by their names in capitals.
std::map<std::string, std::string> columns_of(sqlite3* db, const std::string& table) {
    std::map<std::string, std::string> columns;
    Statement q(db, "SELECT name FROM pragma_table_info(?)");
    q.bind(1, table);
    while (q.step()) {
        std::string key = q.text(0);
        for (char& c : key) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
        columns.emplace(key, q.text(0));
    }
    return columns;
}

class Reader {
  public:
    Reader(sqlite3* db, Imported& out) : db_(db), out_(out) {}

    bool table(const std::string& name, const std::string& geometry) {
        const auto columns = columns_of(db_, name);
        const auto has = [&](const char* column) { return columns.count(column) != 0; };
        if (!has("ST_NAME")) return false;
        if (has("FROMADDR_L") || has("FROMADDR_R")) return centrelines(name, geometry, columns);
        if (has("ADD_NUMBER")) return points(name, columns);
        return false;
    }
    bool too_many() const { return out_.segments.size() > k_segments_max; }
    bool failed() const { return failed_; }

  private:
    using Columns = std::map<std::string, std::string>;

    std::string select(const std::string& table, const Columns& columns, std::initializer_list<const char*> wanted) const {
        std::string sql = "SELECT ";
        bool first = true;
        for (const char* column : wanted) {
            const auto found = columns.find(column);
            sql += std::string(first ? "" : ", ") + (found == columns.end() ? "NULL" : quoted(found->second));
            first = false;
        }
        return sql + " FROM " + quoted(table);
    }

    // The name with what NENA keeps apart from it: "OLD" (PreMod), "HIGHWAY" (PreTyp), "OF THE" (PreSep).
    static Segment street(const Statement& q) {
        Segment segment;
        segment.predir = usps_direction(q.text(0));
        for (const int part : {1, 2, 3, 4}) {
            const std::string word = q.text(part);
            if (!word.empty()) segment.name += (segment.name.empty() ? "" : " ") + word;
        }
        segment.suffix = usps_suffix(q.text(5));
        segment.postdir = usps_direction(q.text(6));
        return segment;
    }
    void bad(const std::string& table, std::int64_t row, const char* why) {
        ++out_.passed_over;
        if (out_.problems.size() < k_problems_max) out_.problems.push_back(table + " row " + std::to_string(row) + ": " + why);
    }

    bool centrelines(const std::string& name, const std::string& geometry, const Columns& columns) {
        std::string sql = select(name, columns,
                                 {"ST_PREDIR", "ST_PREMOD", "ST_PRETYP", "ST_PRESEP", "ST_NAME", "ST_POSTYP", "ST_POSDIR", "FROMADDR_L",
                                  "TOADDR_L", "PARITY_L", "MSAGCOMM_L", "FROMADDR_R", "TOADDR_R", "PARITY_R", "MSAGCOMM_R"});
        sql.insert(sql.find(" FROM "), geometry.empty() ? ", NULL" : ", " + quoted(geometry));
        Statement q(db_, sql);
        std::int64_t row = 0;
        while (q.step() && !too_many()) {
            ++row;
            ++out_.rows;
            Segment segment = street(q);
            if (q.text(4).empty()) {
                bad(name, row, "no St_Name");
                continue;
            }
            if (const auto ends = Wkb(q.blob(15)).ends()) {
                segment.from_node = node_of(ends->first);
                segment.to_node = node_of(ends->second);
            }
            bool any = false;
            for (const int side : {7, 11}) {
                Segment one = segment;
                one.low = q.number(side);
                one.high = q.number(side + 1);
                const std::string parity = q.text(side + 2);
                one.parity = parity.empty() ? 'B' : parity.front();
                one.community = q.text(side + 3);
                if (std::string_view("OEBZ").find(one.parity) == std::string_view::npos || one.low < 0 || one.high < 0) continue;
                any = true;
                out_.segments.push_back(std::move(one));
            }
            if (!any) bad(name, row, "neither side has a range and a parity of O, E, B or Z");
        }
        failed_ = failed_ || !q.good();
        return true;
    }

    bool points(const std::string& name, const Columns& columns) {
        Statement q(db_, select(name, columns,
                                {"ST_PREDIR", "ST_PREMOD", "ST_PRETYP", "ST_PRESEP", "ST_NAME", "ST_POSTYP", "ST_POSDIR", "ADD_NUMBER", "MSAGCOMM"}));
        std::int64_t row = 0;
        while (q.step() && !too_many()) {
            ++row;
            ++out_.rows;
            Segment segment = street(q);
            segment.low = segment.high = q.number(7);
            segment.community = q.text(8);
            if (q.text(4).empty() || segment.low <= 0) bad(name, row, "no St_Name or no Add_Number");
            else out_.segments.push_back(std::move(segment));
        }
        failed_ = failed_ || !q.good();
        return true;
    }

    sqlite3* db_;
    Imported& out_;
    bool failed_ = false;
};

}  // namespace

base::Result<Imported> import_geopackage(const std::string& path) {
    const auto db = open_database(path, SQLITE_OPEN_READONLY);
    if (!db) return wrong("open", path);
    Imported out;
    Reader reader(db.get(), out);
    bool any = false;
    Statement tables(db.get(), "SELECT c.table_name, coalesce(g.column_name, '') FROM gpkg_contents AS c LEFT JOIN gpkg_geometry_columns AS g ON "
                               "g.table_name = c.table_name ORDER BY c.table_name");
    if (!tables.good()) return wrong("format", path + " is not a GeoPackage");
    while (tables.step()) any = reader.table(tables.text(0), tables.text(1)) || any;
    if (!tables.good() || reader.failed()) return wrong("format", path + ": " + sqlite3_errmsg(db.get()));
    if (reader.too_many()) return wrong("too_large", "more rows than any county has");
    if (!any) return wrong("format", path + " has no layer with St_Name and FromAddr_L or Add_Number (NENA-STA-006)");
    if (out.segments.empty()) return wrong("empty", "no row of it is a street");
    return out;
}

base::Result<Imported> import_file(const std::string& path) {
    constexpr std::size_t k_csv_bytes_max = 1024UL * 1024 * 1024;
    std::ifstream file(path, std::ios::binary);
    if (!file) return wrong("open", path);
    std::string head(16, '\0');
    file.read(head.data(), static_cast<std::streamsize>(head.size()));
    head.resize(static_cast<std::size_t>(file.gcount()));
    if (head == std::string("SQLite format 3\0", 16)) return import_geopackage(path);
    file.clear();
    file.seekg(0, std::ios::end);
    if (file.tellg() < 0 || static_cast<std::size_t>(file.tellg()) > k_csv_bytes_max) return wrong("too_large", path);
    file.seekg(0);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return import_csv(text);
}

}  // namespace holdfast::streets
