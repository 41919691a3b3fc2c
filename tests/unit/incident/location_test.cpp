#include "incident/location.hpp"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::incident {
namespace {

// "NORMAL !" for a place that is known, "NORMAL ?" for one that is not, "-" for none.
std::string place(std::string_view text) {
    const Places places = find_places(text, split(text));
    if (!places.best) return "-";
    return places.best->normal + (places.best->known ? " !" : " ?");
}

TEST(Address, ReadsNumberDirectionNameAndSuffix) {
    EXPECT_EQ(place("There's a fire at 123 Main Street"), "123 MAIN ST !");
    EXPECT_EQ(place("4170 north larch drive apartment two oh six"), "4170 N LARCH DR APT 206 !");
    EXPECT_EQ(place("310 north east nine street"), "310 NE 9TH ST !");
    EXPECT_EQ(place("1600 Old Mill Creek Road"), "1600 OLD MILL CREEK RD !");
    EXPECT_EQ(place("77 South Federal Boulevard northwest"), "77 S FEDERAL BLVD NW !");
}

TEST(Address, KnowsADirectionOrASuffixThatIsTheName) {
    EXPECT_EQ(place("98 North Street"), "98 NORTH ST !");
    EXPECT_EQ(place("140 Court Street"), "140 COURT ST !");
    EXPECT_EQ(place("2525 Park Place"), "2525 PARK PL !");
    EXPECT_EQ(place("123 Main Street trailer 4"), "123 MAIN ST TRLR 4 !");
}

TEST(Address, JoinsSplitPrefixes) {
    EXPECT_EQ(place("1900 La Salle Street"), "1900 LASALLE ST !");
    EXPECT_EQ(place("745 Van Buren Avenue"), "745 VANBUREN AVE !");
    EXPECT_EQ(place("16 MC Gee Road"), "16 MCGEE RD !");
}

TEST(Address, TakesSpellingOverHearing) {
    EXPECT_EQ(place("12 G R A N T Street"), "12 GRANT ST !");
    EXPECT_EQ(place("12 G as in George R A N T Street"), "12 GRANT ST !");
}

TEST(Address, NeverFillsInASuffix) {
    EXPECT_EQ(place("we're at 26 West Elm"), "26 W ELM ?");
    EXPECT_EQ(place("at 1234 Oak"), "1234 OAK ?");
    EXPECT_EQ(place("el 450 de la calle Olive"), "450 CALLE OLIVE ?");
    EXPECT_EQ(place("calle Olive número 450"), "450 CALLE OLIVE ?");
}

TEST(Address, KeepsTheCity) {
    EXPECT_EQ(place("14 Oak Street, Springfield"), "14 OAK ST, SPRINGFIELD !");
    EXPECT_EQ(place("fire at 14 Oak Street in Springfield please hurry"), "14 OAK ST, SPRINGFIELD !");
    EXPECT_EQ(place("14 Oak Street in the kitchen"), "14 OAK ST !");
    EXPECT_EQ(place("14 Oak Street in flames"), "14 OAK ST !");
}

TEST(Address, IsNotMadeOfOtherNumbers) {
    EXPECT_EQ(place("she is 84 years old and fell"), "-");
    EXPECT_EQ(place("my number is 555 0142"), "-");
    EXPECT_EQ(place("he was doing 100 down Main Street"), "MAIN ST ?");
    EXPECT_EQ(place("two people on Oak Street"), "OAK ST ?");
    EXPECT_EQ(place("80 year old woman 1234 Quitman Street"), "1234 QUITMAN ST !");
    EXPECT_EQ(place("at 007 Harbor Lane"), "007 HARBOR LN ?");
}

TEST(Address, OfTwoReadingsIsNotKnown) {
    EXPECT_EQ(place("he's 80 1234 Oak Street").back(), '?');
    EXPECT_EQ(place("i'm at 12 Elm Street and it's at 20 Oak Street").back(), '?');
}

TEST(Correction, ReplacesOnlyWhatItNames) {
    EXPECT_EQ(place("1230 Oak Street no sorry 1320 Oak Street"), "1320 OAK ST !");
    EXPECT_EQ(place("1230 Oak Street, no, 1320"), "1320 OAK ST !");
    EXPECT_EQ(place("not 410 it's 401 Garfield Street"), "401 GARFIELD ST !");
    EXPECT_EQ(place("88 North Cook Street i mean south"), "88 S COOK ST !");
}

TEST(Block, IsKeptAsABlock) {
    EXPECT_EQ(place("the twenty-one hundred block of Oak Street"), "2100 BLOCK OAK ST !");
    EXPECT_EQ(place("600 block Mission Street"), "600 BLOCK MISSION ST !");
    EXPECT_EQ(place("la cuadra 2100 de Oak Street"), "2100 BLOCK OAK ST !");
    EXPECT_EQ(place("400 block of Oak"), "400 BLOCK OAK ?");
}

TEST(Crossing, NeedsBothStreetsWhole) {
    EXPECT_EQ(place("corner of Cedar Street and 9th Avenue"), "CEDAR ST & 9TH AVE !");
    EXPECT_EQ(place("at East 14th Avenue and York Street"), "E 14TH AVE & YORK ST !");
    EXPECT_EQ(place("Pine Street at 3rd Avenue"), "PINE ST & 3RD AVE !");
    EXPECT_EQ(place("at 5th and Oak"), "5TH & OAK ?");
    EXPECT_EQ(place("en la esquina de la Octava y Palmetto"), "8TH & PALMETTO ?");
    EXPECT_EQ(place("400 South 700 West"), "400 S & 700 W ?");
    EXPECT_EQ(place("in the crosswalk Pine Street at 3rd Avenue"), "PINE ST & 3RD AVE !");
}

TEST(Road, NeedsDirectionAndMarker) {
    EXPECT_EQ(place("ninety-five northbound near exit twelve"), "I-95 NB EXIT 12 !");
    EXPECT_EQ(place("I-80 eastbound near mile marker two oh three point four"), "I-80 EB MM 203.4 !");
    EXPECT_EQ(place("we're westbound on I-10 about mile marker 133"), "I-10 WB MM 133 !");
    EXPECT_EQ(place("exit 22 off I-90 west"), "I-90 WB EXIT 22 !");
    EXPECT_EQ(place("on the 405"), "I-405 ?");
    EXPECT_EQ(place("Highway 36 westbound"), "HWY 36 WB ?");
    EXPECT_EQ(place("la 95 hacia el sur salida 33"), "I-95 SB EXIT 33 !");
    EXPECT_EQ(place("on county road double Z"), "COUNTY ROAD ZZ ?");
    EXPECT_EQ(place("aquí en 800 West Vernon Avenue"), "800 W VERNON AVE !");
}

TEST(LandmarkPlace, IsKnownOnlyWithAStreet) {
    EXPECT_EQ(place("at the Starbucks on Peachtree Street"), "STARBUCKS, PEACHTREE ST !");
    EXPECT_EQ(place("behind the Walmart"), "WALMART ?");
    EXPECT_EQ(place("at Lincoln Elementary School"), "LINCOLN ELEMENTARY SCHOOL ?");
    EXPECT_EQ(place("in front of the school"), "-");
    EXPECT_EQ(place("the 7-Eleven on 10th Avenue"), "7-ELEVEN, 10TH AVE !");
}

TEST(Coordinates, AreCheckedForRangeAndPrecision) {
    EXPECT_EQ(place("39.7412, -104.9903"), "39.7412,-104.9903 !");
    EXPECT_EQ(place("latitude 27.964 longitude minus 82.451"), "27.964,-82.451 !");
    EXPECT_EQ(place("thirty nine point seven four minus one oh four point nine nine"), "39.74,-104.99 ?");
    EXPECT_EQ(place("99.7412, -104.9903"), "-");
}

TEST(Codes, AreKept) {
    EXPECT_EQ(place("the plus code is 87G8Q23F+GQ"), "87G8Q23F+GQ !");
    EXPECT_EQ(place("what three words says filled count soap"), "FILLED.COUNT.SOAP ?");
}

TEST(Places, SayWhereInTheTextTheyStand) {
    const std::string text = "Fire at 123 Main Street now";
    const Places places = find_places(text, split(text));
    ASSERT_TRUE(places.best);
    EXPECT_EQ(text.substr(places.best->begin, places.best->end - places.best->begin), "123 Main Street");
}

}  // namespace
}  // namespace holdfast::incident
