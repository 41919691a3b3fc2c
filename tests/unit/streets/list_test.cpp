#include "streets/list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace holdfast::streets {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Segment row(const char* predir, const char* name, const char* suffix, std::int64_t low, std::int64_t high, char parity = 'B',
            const char* community = "SPRINGFIELD", std::uint64_t from = 0, std::uint64_t to = 0) {
    return {predir, name, suffix, "", community, low, high, parity, from, to};
}

class Town : public testing::Test {
  protected:
    Town() {
        list.add(row("N", "OAK", "ST", 101, 199, 'O', "SPRINGFIELD", 1, 2));
        list.add(row("N", "OAK", "ST", 100, 198, 'E', "SPRINGFIELD", 1, 2));
        list.add(row("S", "OAK", "ST", 100, 299, 'B', "SPRINGFIELD", 2, 3));
        list.add(row("", "LARCH", "DR", 1, 99));
        list.add(row("", "LARCH", "CT", 1, 49));
        list.add(row("", "CLINTON", "AVE", 1, 999, 'B', "SPRINGFIELD", 2, 9));
        list.add(row("", "CLIFTON", "AVE", 1, 999));
        list.add(row("", "LA SALLE", "ST", 1, 99));
        list.add(row("", "MILL", "RD", 1, 99, 'B', "SPRINGFIELD"));
        list.add(row("", "MILL", "RD", 50, 150, 'B', "SHELBYVILLE"));
        list.add(row("", "9TH", "ST", 1, 99, 'B', "SPRINGFIELD", 3, 9));
        list.add(row("", "PEBBLEBROOK", "LN", 10, 20));
        list.finish();
    }
    std::string check(const char* kind, const char* place) const {
        const auto answer = list.check(kind, place);
        return std::string(to_string(answer.kind)) + (*answer.why != '\0' ? std::string(" ") + answer.why : "");
    }
    List list;
};

TEST_F(Town, KnowsAHouseOnOneOfItsStreets) {
    for (const char* place : {"101 N OAK ST", "100 N OAK ST", "101 N OAK ST APT 4", "101 N OAK ST, SPRINGFIELD", "55 LASALLE ST",
                              "55 LA SALLE ST", "12 9TH ST", "12A LARCH DR", "12 LARCH DR FL 2", "120 MILL RD", "60 MILL RD, SHELBYVILLE"}) {
        EXPECT_EQ(check("address", place), "valid") << place;
    }
}

TEST_F(Town, NeverFillsInWhatWasNotSaid) {
    EXPECT_EQ(check("address", "101 OAK ST"), "ambiguous direction");
    EXPECT_THAT(list.check("address", "150 OAK ST").candidates, ElementsAre("150 N OAK ST, SPRINGFIELD", "150 S OAK ST, SPRINGFIELD"));
    EXPECT_EQ(check("address", "12 LARCH"), "ambiguous suffix");
    EXPECT_THAT(list.check("address", "12 LARCH").candidates, ElementsAre("12 LARCH DR, SPRINGFIELD", "12 LARCH CT, SPRINGFIELD"));
    EXPECT_THAT(list.check("address", "60 LARCH").candidates, ElementsAre("60 LARCH DR, SPRINGFIELD")) << "one is still to be asked for";
    EXPECT_EQ(check("address", "12 LARCH LN"), "ambiguous suffix");
    EXPECT_EQ(check("address", "60 MILL RD"), "ambiguous community");
    EXPECT_EQ(check("address", "10 MILL RD, SHELBYVILLE"), "not_found range");
    EXPECT_EQ(check("address", "12 LARCH DR, OGDENVILLE"), "ambiguous community");
}

TEST_F(Town, OneLetterIsAnotherStreet) {
    EXPECT_EQ(check("address", "5 CLINTON AVE"), "valid");
    EXPECT_EQ(check("address", "5 CLIFTON AVE"), "valid");
    EXPECT_EQ(check("address", "5 CLINSTON AVE"), "ambiguous spelling");
    EXPECT_THAT(list.check("address", "5 CLIRTON AVE").candidates, ElementsAre("5 CLIFTON AVE, SPRINGFIELD", "5 CLINTON AVE, SPRINGFIELD"));
    EXPECT_EQ(check("address", "12 PEBLEBROOK LN"), "ambiguous spelling");
    EXPECT_EQ(check("address", "12 PEBBLEBROOKS LN"), "ambiguous spelling");
    EXPECT_EQ(check("address", "12 PEBLEBROK LN"), "not_found street") << "two letters are no hint";
    EXPECT_EQ(check("address", "101 N OAX ST"), "not_found street") << "short names are near too many";
}

TEST_F(Town, NumbersAreInRangeAndOfTheRightSide) {
    EXPECT_EQ(check("address", "201 N OAK ST"), "not_found range");
    EXPECT_EQ(check("address", "199 N OAK ST"), "valid");
    EXPECT_EQ(check("address", "198 N OAK ST"), "valid");
    EXPECT_EQ(check("block", "100 BLOCK N OAK ST"), "valid");
    EXPECT_EQ(check("block", "900 BLOCK N OAK ST"), "not_found range");
}

TEST_F(Town, CornersAreWhereStreetsMeet) {
    EXPECT_EQ(check("crossing", "N OAK ST & CLINTON AVE"), "valid");
    EXPECT_EQ(check("crossing", "9TH ST & S OAK ST"), "valid");
    EXPECT_EQ(check("crossing", "N OAK ST & 9TH ST"), "ambiguous suffix") << "the south end meets it";
    EXPECT_EQ(check("crossing", "LARCH DR & MILL RD"), "not_found crossing");
    EXPECT_EQ(check("crossing", "NOWHERE ST & MILL RD"), "not_found street");
    EXPECT_EQ(check("crossing", "OAK & CLINTON"), "ambiguous suffix");
    EXPECT_THAT(list.check("crossing", "S OAK ST & CLINTOM AVE").candidates, testing::Contains("S OAK ST & CLINTON AVE, SPRINGFIELD"));
}

TEST_F(Town, ChecksNothingElse) {
    for (const char* kind : {"road", "landmark", "coords", "area", "code", ""}) EXPECT_EQ(check(kind, "101 N OAK ST"), "unchecked") << kind;
    for (const char* place : {"", "OAK", "12", "& ", " & ", ",", "x OAK ST", "99999999999999999999 OAK ST"}) {
        const auto answer = list.check("address", place);
        EXPECT_NE(answer.kind, Answer::Kind::valid) << place;
        list.check("crossing", place);
    }
    EXPECT_EQ(List().check("address", "101 N OAK ST").kind, Answer::Kind::unchecked) << "no list, no verdict";
}

// The figure: under 2 ms for 100,000 segments, the slowest kind of question included.
TEST(StreetList, AnswersAtOnceForACounty) {
    List county;
    for (int n = 0; n < 100'000; ++n) {
        const std::string name = "STREET" + std::string(1, static_cast<char>('A' + n % 26)) + std::to_string(n / 26 % 400) + (n % 3 == 0 ? "WOOD" : "");
        county.add({n % 5 == 0 ? "N" : "", name, n % 2 == 0 ? "ST" : "AVE", "", "TOWN" + std::to_string(n % 7), n % 1000, n % 1000 + 98, 'B',
                    static_cast<std::uint64_t>(n % 5000 + 1), static_cast<std::uint64_t>(n % 4999 + 2)});
    }
    county.finish();
    EXPECT_EQ(county.segments(), 100'000u);
    const char* const questions[] = {"120 STREETA12 ST", "120 STREETQ77WOOD AVE, TOWN3", "120 STRETQ77WOOD AVE", "1 NOSUCHSTREET ST"};
    const auto begin = std::chrono::steady_clock::now();
    constexpr int k_rounds = 250;
    for (int round = 0; round < k_rounds; ++round) {
        for (const char* question : questions) county.check("address", question);
    }
    const auto each = (std::chrono::steady_clock::now() - begin) / (k_rounds * 4);
    EXPECT_LT(each, std::chrono::milliseconds(2));
    RecordProperty("lookup_us", std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(each).count()));
}

TEST(StreetList, WordsOfOthersBecomeUspsForms) {
    EXPECT_EQ(usps_direction("North"), "N");
    EXPECT_EQ(usps_direction("sw"), "SW");
    EXPECT_EQ(usps_direction(""), "");
    EXPECT_EQ(usps_suffix("Street"), "ST");
    EXPECT_EQ(usps_suffix("Avenue"), "AVE");
    EXPECT_EQ(usps_suffix("av"), "AVE");
    EXPECT_EQ(usps_suffix(""), "");
}

}  // namespace
}  // namespace holdfast::streets
