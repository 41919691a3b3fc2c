#include "incident/tripwires.hpp"

#include "incident/case.hpp"

#include <gtest/gtest.h>

namespace holdfast::incident {
namespace {

bool hits(const char* text) {
    static const Tripwires k_wires({"not breathing", "choking", "has a gun", "no respira", "d\xc3\xa9j\xc3\xb3 de respirar", " "});
    return k_wires.hit(split(text));
}

TEST(Tripwires, AreSaidWordForWord) {
    for (const char* text : {"he's not breathing", "He is NOT breathing!", "my baby is choking", "he has a gun, he has a gun",
                             "mi hijo no respira", "no est\xc3\xa1 bien, dejo de respirar"}) {
        EXPECT_TRUE(hits(text)) << text;
    }
    for (const char* text : {"", "he is breathing", "has agun", "the choke is stuck", "a gun he has"}) {
        EXPECT_FALSE(hits(text)) << text;
    }
}

TEST(Tripwires, ADenialIsNone) {
    EXPECT_FALSE(hits("he isn't choking"));
    EXPECT_FALSE(hits("nobody has a gun"));
    EXPECT_TRUE(hits("he's not choking, he's not breathing"));
    EXPECT_TRUE(hits("not my son, the other one is choking"));
}

TEST(Tripwires, RaiseThePriorityOnceAndForGood) {
    CaseSettings settings;
    settings.tripwires = Tripwires({"waving something"});
    Case incident(settings);
    EXPECT_FALSE(incident.caller_said("there is a loose dog", "t1", 1000).life_threat);
    EXPECT_EQ(incident.picture().priority, 4);
    const Changes changes = incident.caller_said("a man is waving something", "t2", 5000);
    EXPECT_TRUE(changes.life_threat);
    EXPECT_TRUE(changes.picture);
    EXPECT_EQ(incident.picture().priority, 1);
    EXPECT_FALSE(incident.caller_said("he is waving something", "t3", 9000).life_threat);
    EXPECT_EQ(incident.picture().priority, 1);
}

TEST(Tripwires, AreNeitherAsksNorModels) {
    CaseSettings settings;
    settings.tripwires = Tripwires({"has a gun"});
    Case incident(settings);
    incident.box_said("Does anybody there say he has a gun?", 1000);
    incident.reported({"SHOOT", "he has a gun"}, "c1", 2000);
    EXPECT_FALSE(incident.caller_said("no", "t1", 3000).life_threat);
}

}  // namespace
}  // namespace holdfast::incident
