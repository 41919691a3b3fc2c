#include "ladder/rung.hpp"

#include "support.hpp"

namespace holdfast::ladder {
namespace {

TEST(Rung, HasTheNamesOfConfigurationAndLogs) {
    EXPECT_STREQ(to_string(Rung::openai), "openai");
    EXPECT_STREQ(to_string(Rung::eleven_realtime), "eleven_realtime");
    EXPECT_STREQ(to_string(Rung::eleven_agent), "eleven_agent");
    EXPECT_STREQ(to_string(Rung::scripted), "scripted");
    EXPECT_STREQ(to_string(Rung::canned), "canned");
    EXPECT_STREQ(to_string(Rung::person), "person");
    for (const Rung rung : k_all_rungs) EXPECT_EQ(parse_rung(to_string(rung)), rung);
    for (const char* name : {"", "OpenAI", "openai ", "eleven", "none"})
        EXPECT_EQ(parse_rung(name), std::nullopt) << name;
}

TEST(Rung, FirstThreeAreLiveAndTheLastTwoNeedNobody) {
    for (const Rung rung : k_all_rungs) {
        EXPECT_EQ(is_live(rung), index(rung) < 3) << to_string(rung);
        EXPECT_EQ(provider_of(rung) == Provider::none, index(rung) >= 4) << to_string(rung);
    }
    EXPECT_EQ(provider_of(Rung::openai), Provider::openai);
    EXPECT_EQ(provider_of(Rung::scripted), Provider::elevenlabs);
}

}  // namespace
}  // namespace holdfast::ladder
