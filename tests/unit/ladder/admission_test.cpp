#include "ladder/admission.hpp"

#include "support.hpp"

#include <string>

namespace holdfast::ladder {
namespace {

struct Row {
    const char* matrix;
    Load load;
    Rung rung;
    std::string reason;
};

TEST(Admission, NobodyIsRefusedAndEveryDetourHasAReason) {
    const Row rows[] = {
        {"a good day", {3, 50, std::nullopt, true, Rung::openai, false}, Rung::openai, ""},
        {"T22 the 50th", {49, 50, std::nullopt, true, Rung::openai, false}, Rung::openai, ""},
        {"T22 the 51st", {50, 50, std::nullopt, true, Rung::openai, false}, Rung::person, "limit"},
        {"N12", {0, 50, 0, true, Rung::openai, false}, Rung::person, "bandwidth"},
        {"N13 first", {0, 50, 1, true, Rung::openai, false}, Rung::openai, ""},
        {"N13 second", {1, 50, 1, true, Rung::openai, false}, Rung::person, "bandwidth"},
        {"O26 another live rung", {0, 50, std::nullopt, true, Rung::eleven_agent, true},
         Rung::eleven_agent, ""},
        {"O26 questions", {0, 50, std::nullopt, true, Rung::scripted, true}, Rung::scripted, ""},
        {"O26 only recordings left", {0, 50, std::nullopt, true, Rung::canned, true}, Rung::person,
         "budget"},
        {"N01 providers gone", {0, 50, std::nullopt, true, Rung::canned, false}, Rung::canned, ""},
        {"E10 box unhealthy", {0, 50, std::nullopt, false, Rung::openai, false}, Rung::person,
         "unhealthy"},
        {"nothing configured", {0, 50, std::nullopt, true, Rung::person, false}, Rung::person,
         "no_rung"},
    };
    for (const Row& row : rows) {
        const Admission admission = admit(row.load);
        EXPECT_EQ(admission.rung, row.rung) << row.matrix;
        EXPECT_EQ(admission.reason, row.reason) << row.matrix;
        EXPECT_EQ(admission.streams(), row.rung != Rung::person) << row.matrix;
    }
}

}  // namespace
}  // namespace holdfast::ladder
