#include "incident/questions.hpp"

#include <gtest/gtest.h>

namespace holdfast::incident {
namespace {

TEST(Asks, KnowsAQuestionByItsMeaning) {
    EXPECT_TRUE(asks("What is the address of the emergency?"));
    EXPECT_TRUE(asks("what's happening there"));
    EXPECT_TRUE(asks("Tell me exactly what happened."));
    EXPECT_TRUE(asks("Is anyone hurt"));
    EXPECT_TRUE(asks("Okay. Are you inside the house?"));
    EXPECT_TRUE(asks("911, what is the address of the emergency"));
    EXPECT_TRUE(asks("Dígame exactamente qué pasó."));
    EXPECT_TRUE(asks("¿Hay alguien herido?"));
    EXPECT_TRUE(asks("I need the address, please."));
}

TEST(Asks, KnowsWhatIsNone) {
    EXPECT_FALSE(asks("I'm getting somebody to help you."));
    EXPECT_FALSE(asks("Stay on the line with me."));
    EXPECT_FALSE(asks("Are you still there?"));
    EXPECT_FALSE(asks("Can you hear me?"));
    EXPECT_FALSE(asks(""));
}

TEST(QuestionCount, GrowsWithAnAnswer) {
    Questions questions(10'000);
    questions.said("What is the address?", 2'000);
    EXPECT_EQ(questions.counted(), 0);
    EXPECT_EQ(questions.due_ms(), 12'000);
    EXPECT_TRUE(questions.answered(2'500));
    EXPECT_EQ(questions.counted(), 1);
    EXPECT_FALSE(questions.answered(3'000)) << "only once";
    EXPECT_FALSE(questions.due_ms());
}

TEST(QuestionCount, GrowsWithoutOneOnceTheTimeIsUp) {
    Questions questions(10'000);
    questions.said("What is the address?", 2'000);
    EXPECT_FALSE(questions.tick(11'999));
    EXPECT_TRUE(questions.tick(12'000));
    EXPECT_FALSE(questions.tick(20'000));
    EXPECT_EQ(questions.counted(), 1);
}

TEST(QuestionCount, WordsFromBeforeTheQuestionAreNoAnswer) {
    Questions questions(10'000);
    questions.said("What is the address?", 5'000);
    EXPECT_FALSE(questions.answered(1'000));
    EXPECT_EQ(questions.counted(), 0);
}

TEST(QuestionCount, TheSameQuestionAgainIsOneQuestion) {
    Questions questions(10'000);
    questions.said("What is the address?", 2'000);
    questions.said("Please tell me the address.", 8'000);
    EXPECT_EQ(questions.due_ms(), 18'000);
    EXPECT_TRUE(questions.answered(9'000));
    EXPECT_EQ(questions.counted(), 1);
}

}  // namespace
}  // namespace holdfast::incident
