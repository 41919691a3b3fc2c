#include "streets/import.hpp"

#include "streets/sqlite_impl.hpp"
#include "support/temp_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

namespace holdfast::streets {
namespace {

using testing::HasSubstr;

TEST(StreetsCsv, ReadsTheDocumentedColumnsInAnyOrder) {
    const auto got = import_csv("\xef\xbb\xbf" "name,predir,suffix,low,high,parity,community,from_node,to_node,extra\r\n"
                                "Oak,North,Street,100,198,even,Springfield,7,8,x\r\n"
                                "\"Martin Luther King, Jr\",,Blvd,1,99,,\"The \"\"Old\"\" Town\",,,\n"
                                "\n"
                                "Larch,,Dr,5,3,O,,,,\n");
    ASSERT_TRUE(got);
    ASSERT_EQ(got->segments.size(), 3u);
    EXPECT_EQ(got->segments[0].predir, "N");
    EXPECT_EQ(got->segments[0].suffix, "ST");
    EXPECT_EQ(got->segments[0].parity, 'E');
    EXPECT_EQ(got->segments[0].from_node, 7u);
    EXPECT_EQ(got->segments[1].name, "Martin Luther King, Jr");
    EXPECT_EQ(got->segments[1].community, "The \"Old\" Town");
    EXPECT_EQ(got->segments[1].parity, 'B');
    EXPECT_EQ(got->passed_over, 0);
}

TEST(StreetsCsv, PassesOverWhatIsNoStreetAndSaysWhere) {
    const auto got = import_csv("name,low,high,parity\nOak,1,99,B\n,1,99,B\nElm,a,99,B\nElm,1,99,X\nElm,1\n" + std::string(300, 'x') + ",1,9,B\n\xff,1,9,B\n");
    ASSERT_TRUE(got);
    EXPECT_EQ(got->segments.size(), 1u);
    EXPECT_EQ(got->rows, 7);
    EXPECT_EQ(got->passed_over, 6);
    EXPECT_THAT(got->problems, testing::ElementsAre("line 3: no name", "line 4: low or high is not a number",
                                                    "line 5: parity is none of O, E, B, Z", "line 6: low or high is not a number",
                                                    HasSubstr("line 7: a field is too long"), HasSubstr("line 8: a field is too long")));
}

TEST(StreetsCsv, RefusesWhatIsNoList) {
    EXPECT_STREQ(import_csv("").error().code, "empty");
    EXPECT_STREQ(import_csv("name,low,high\n").error().code, "empty");
    EXPECT_THAT(import_csv("street,from,to\nOak,1,2\n").error().detail, HasSubstr("\"name\""));
    EXPECT_FALSE(import_csv(std::string(5000, '"')));
    EXPECT_FALSE(import_csv(std::string("\0\0\0", 3)));
}

// A GeoPackage as another tool would write it: the tables of OGC 12-128 and the columns of NENA-STA-006.
class GeoPackage : public testing::Test {
  protected:
    GeoPackage() : path(folder / "county.gpkg"), db(open_database(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) {
        run("CREATE TABLE gpkg_contents (table_name TEXT, data_type TEXT)");
        run("CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT)");
    }
    void run(const std::string& sql) { ASSERT_EQ(sqlite3_exec(db.get(), sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db.get()); }
    void layer(const std::string& name, const std::string& columns) {
        run("CREATE TABLE " + name + " (fid INTEGER PRIMARY KEY, geom BLOB, " + columns + ")");
        run("INSERT INTO gpkg_contents VALUES ('" + name + "', 'features')");
        run("INSERT INTO gpkg_geometry_columns VALUES ('" + name + "', 'geom')");
    }
    static std::string bytes(const void* data, std::size_t count) { return {static_cast<const char*>(data), count}; }
    static std::string u32(std::uint32_t v) { return bytes(&v, 4); }
    static std::string line(std::vector<std::pair<double, double>> points, std::uint32_t type = 2) {
        std::string out = std::string("GP\0\1", 4) + u32(4326) + "\1" + u32(type) + u32(static_cast<std::uint32_t>(points.size()));
        for (const auto& [x, y] : points) out += bytes(&x, 8) + bytes(&y, 8);
        return out;
    }
    void centreline(const std::string& geometry, const std::string& values) {
        sqlite3_stmt* raw = nullptr;
        ASSERT_EQ(sqlite3_prepare_v2(db.get(), ("INSERT INTO RoadCenterLine VALUES (NULL, ?, " + values + ")").c_str(), -1, &raw, nullptr), SQLITE_OK) << sqlite3_errmsg(db.get());
        sqlite3_bind_blob(raw, 1, geometry.data(), static_cast<int>(geometry.size()), SQLITE_TRANSIENT);
        EXPECT_EQ(sqlite3_step(raw), SQLITE_DONE);
        sqlite3_finalize(raw);
    }
    void centrelines() {
        layer("RoadCenterLine", "St_PreDir TEXT, St_Name TEXT, St_PosTyp TEXT, FromAddr_L INTEGER, ToAddr_L INTEGER, Parity_L TEXT, "
                                "MSAGComm_L TEXT, FromAddr_R INTEGER, ToAddr_R INTEGER, Parity_R TEXT, MSAGComm_R TEXT");
    }
    test::TempFolder folder;
    std::string path;
    DatabasePtr db;
};

TEST_F(GeoPackage, ReadsCentrelinesWithTheCornersTheirGeometryMakes) {
    centrelines();
    centreline(line({{-71.0, 42.0}, {-71.0, 42.1}, {-71.0, 42.2}}), "'North', 'Oak', 'Street', 1, 99, 'O', 'Springfield', 2, 98, 'E', 'Springfield'");
    centreline(line({{-71.0, 42.2}, {-71.1, 42.2}}), "NULL, 'Elm', 'Avenue', 1, 99, 'O', 'Springfield', 0, 0, 'Z', 'Springfield'");
    db.reset();
    const auto got = import_file(path);
    ASSERT_TRUE(got) << got.error().detail;
    EXPECT_EQ(got->passed_over, 0);
    List list;
    for (const auto& segment : got->segments) list.add(segment);
    list.finish();
    EXPECT_EQ(list.check("address", "55 N OAK ST, SPRINGFIELD").kind, Answer::Kind::valid);
    EXPECT_EQ(list.check("address", "56 ELM AVE").kind, Answer::Kind::not_found) << "that side has no houses";
    EXPECT_EQ(list.check("crossing", "N OAK ST & ELM AVE").kind, Answer::Kind::valid);
}

TEST_F(GeoPackage, ReadsAddressPoints) {
    layer("SiteStructureAddressPoint", "Add_Number INTEGER, St_PreTyp TEXT, St_Name TEXT, St_PosTyp TEXT, MSAGComm TEXT");
    run("INSERT INTO SiteStructureAddressPoint VALUES (NULL, NULL, 1200, 'Highway', '9', NULL, 'Springfield')");
    run("INSERT INTO SiteStructureAddressPoint VALUES (NULL, NULL, 0, NULL, 'Oak', 'Street', NULL)");
    db.reset();
    const auto got = import_file(path);
    ASSERT_TRUE(got);
    ASSERT_EQ(got->segments.size(), 1u);
    EXPECT_EQ(got->segments[0].name, "Highway 9");
    EXPECT_EQ(got->segments[0].low, 1200);
    EXPECT_EQ(got->passed_over, 1);
}

TEST_F(GeoPackage, HostileGeometryIsNoGeometry) {
    centrelines();
    const std::string good = line({{1, 2}, {3, 4}});
    std::vector<std::string> hostile{"", "GP", "XX" + good.substr(2), good.substr(0, good.size() - 1), line({{1, 2}}), line({{1, 2}, {3, 4}}, 99)};
    std::string many = good;
    std::memset(many.data() + 13, 0xff, 4);  // four thousand million points
    hostile.push_back(many);
    std::string nested = std::string("GP\0\1", 4) + u32(4326);
    for (int i = 0; i < 1000; ++i) nested += "\1" + u32(5) + u32(1);
    hostile.push_back(nested);
    for (std::size_t cut = 0; cut < good.size(); ++cut) hostile.push_back(good.substr(0, cut));
    for (const auto& geometry : hostile) centreline(geometry, "NULL, 'Oak', 'Street', 1, 99, 'O', NULL, 2, 98, 'E', NULL");
    db.reset();
    const auto got = import_file(path);
    ASSERT_TRUE(got);
    for (const auto& segment : got->segments) EXPECT_EQ(segment.from_node, 0u);
    EXPECT_EQ(got->segments.size(), 2 * hostile.size()) << "the houses are there all the same";
}

TEST_F(GeoPackage, RefusesOtherDatabases) {
    db.reset();
    EXPECT_THAT(import_file(path).error().detail, HasSubstr("no layer"));
    const std::string other = folder / "other.db";
    { const auto plain = open_database(other, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE); sqlite3_exec(plain.get(), "CREATE TABLE x (a)", nullptr, nullptr, nullptr); }
    EXPECT_THAT(import_file(other).error().detail, HasSubstr("not a GeoPackage"));
    EXPECT_STREQ(import_file(folder / "none").error().code, "open");
    std::ofstream(folder / "cut.gpkg") << std::string("SQLite format 3\0", 16) << "rubbish";
    EXPECT_FALSE(import_file(folder / "cut.gpkg"));
}

}  // namespace
}  // namespace holdfast::streets
