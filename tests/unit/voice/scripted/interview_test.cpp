// The interview as tables: what comes in, what the box does. `say:` names the sentences, so each table
// reads as the call would sound.
#include "voice/scripted/interview.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace holdfast::voice::scripted {
namespace {

using Lines = std::vector<std::string>;

std::string spoken(const std::vector<Part>& parts) {
    std::string out;
    for (const Part& part : parts) {
        if (!out.empty()) out += ' ';
        out += part.sentence == Sentence::count ? "<" + part.fresh + ">" : std::string(name(part.sentence));
    }
    return out;
}

Lines lines_of(const Actions& actions) {
    Lines lines;
    for (const Action& action : actions) {
        switch (action.kind) {
            case Action::Kind::say: lines.push_back("say " + spoken(action.parts)); break;
            case Action::Kind::listen: lines.push_back("listen " + std::to_string(action.wait.count())); break;
            case Action::Kind::note:
                lines.push_back(std::string("note ") + to_string(action.slot) + ": " + action.words);
                break;
            case Action::Kind::answered: lines.push_back(std::string("answered ") + to_string(action.slot)); break;
            case Action::Kind::person: lines.push_back("person " + action.words); break;
            case Action::Kind::language:
                lines.push_back("language " + std::string(to_string(action.language)));
                break;
        }
    }
    return lines;
}

struct Step {
    std::string in;  // "words ...", "keys ...", "heard", "no_answer", "unsaid", "deaf", "hearing"
    Lines out;
};

Input input_of(const std::string& text) {
    const auto space = text.find(' ');
    const std::string rest = space == std::string::npos ? "" : text.substr(space + 1);
    const std::string word = text.substr(0, space);
    if (word == "words") return {Input::Kind::utterance, rest};
    if (word == "keys") return {Input::Kind::keys, rest};
    if (word == "heard") return {Input::Kind::heard, {}};
    if (word == "unsaid") return {Input::Kind::unsaid, {}};
    if (word == "deaf") return {Input::Kind::deaf, {}};
    if (word == "hearing") return {Input::Kind::hearing, {}};
    EXPECT_EQ(word, "no_answer");
    return {Input::Kind::no_answer, {}};
}

const SimpleExtract k_extract;
const std::vector<std::string> k_person_words{"operator", "real person", "operadora", "hablar con una persona"};

class InterviewTest : public testing::Test {
  protected:
    Lines begin(const Handover& handover = {}) { return lines_of(interview.begin(handover)); }
    void run(const std::vector<Step>& steps) {
        for (const Step& step : steps) EXPECT_EQ(lines_of(interview.take(input_of(step.in))), step.out) << step.in;
    }
    Interview interview{k_extract, k_person_words};
};

TEST_F(InterviewTest, AsksEverythingInOrderAndReadsItBack) {
    EXPECT_EQ(begin(), Lines{"say where"});
    run({{"heard", {"listen 7000"}},
         {"words It's 4170 North Larch Drive.", {"note place: 4170 North Larch Drive", "answered place", "say what"}},
         {"words My husband fell down.", {"note what: My husband fell down.", "answered what", "say danger"}},
         {"words Yes he is", {"note danger: yes", "answered danger", "say callback"}},
         {"words five five five oh one two three",
          {"note callback: 5550123", "answered callback",
           "say i_understood <4 1 7 0 North Larch Drive.> right"}},
         {"words Yes.",
          {"note place: 4170 North Larch Drive", "answered place",
           "say your_number digit_5 digit_5 digit_5 digit_0 digit_1 digit_2 digit_3 right"}},
         {"words That's right, yes", {"say right_again"}},
         {"words yes", {"note callback: 5550123", "answered callback", "say noted"}},
         {"heard", {"listen 3500"}},
         {"no_answer", {"say more"}},
         {"heard", {"listen 7000"}},
         {"words He is awake now.", {"note more: He is awake now.", "answered more", "say noted"}}});
}

TEST_F(InterviewTest, HoldsTheSameTalkInSpanish) {
    Handover handover;
    handover.language = "es";
    EXPECT_EQ(begin(handover), Lines{"say where"});
    run({{"words calle Olive número 450", {"note place: calle Olive número 450", "answered place", "say what"}},
         {"words Hay un incendio en la cocina",
          {"note what: Hay un incendio en la cocina", "answered what", "say danger"}},
         {"words No, nadie", {"note danger: no", "answered danger", "say callback"}},
         {"words cinco cinco cinco cero uno cuatro cuatro",
          {"note callback: 5550144", "answered callback", "say i_understood <calle Olive número 4 5 0.> right"}},
         {"words sí", {"note place: calle Olive número 450", "answered place",
                       "say your_number digit_5 digit_5 digit_5 digit_0 digit_1 digit_4 digit_4 right"}},
         {"words correcto", {"note callback: 5550144", "answered callback", "say noted"}}});
    EXPECT_EQ(interview.language(), Language::es);
}

TEST_F(InterviewTest, GoesOnInTheLanguageTheCallerSpeaks) {
    begin();
    run({{"words Por favor, ayuda, hay fuego en mi casa",
          {"language es", "note what: Por favor, ayuda, hay fuego en mi casa", "say where_again"}}});
    EXPECT_EQ(interview.language(), Language::es);
}

TEST_F(InterviewTest, StaysInItsLanguageWhenTheSentenceIsMixed) {
    begin();
    const auto lines = lines_of(interview.take(input_of("words there is fuego in the garage")));
    for (const auto& line : lines) EXPECT_NE(line, "language es");
    EXPECT_EQ(interview.language(), Language::en);
}

TEST_F(InterviewTest, DoesNotAskWhatWasVolunteered) {
    begin();
    run({{"words There is a fire at 12 Main Street, two people are hurt",
          {"note place: 12 Main Street", "note what: There is a fire at 12 Main Street, two people are hurt",
           "note danger: There is a fire at 12 Main Street, two people are hurt", "answered place",
           "say callback"}}});
}

TEST_F(InterviewTest, ListensWhenTheGreetingHasAskedAlready) {
    Handover handover;
    handover.greeting = "Nine one one. What is the address of your emergency?";
    const auto lines = begin(handover);
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].substr(0, 7), "listen ");
    run({{"no_answer", {"say where_again"}}});
}

TEST_F(InterviewTest, RepeatsAQuestionOnceWithOtherWordsAndMovesOn) {
    begin();
    run({{"words My house is on fire", {"note what: My house is on fire", "say where_again"}},
         {"heard", {"listen 7000"}},
         {"words um, hello?", {"answered place", "say danger"}},
         {"words please", {"say danger_again"}},
         {"words please", {"answered danger", "say callback"}}});
}

TEST_F(InterviewTest, TakesAnyWordsTheSecondTime) {
    begin();
    run({{"words hello?", {"say where_again"}},
         {"words behind the old mill, there is smoke",
          {"note what: behind the old mill, there is smoke", "note place: behind the old mill, there is smoke",
           "answered place", "say danger"}}});
}

TEST_F(InterviewTest, DoesNotInsistWhenTheCallerDoesNotKnow) {
    begin();
    run({{"words I don't know where I am", {"answered place", "say what"}}});
}

TEST_F(InterviewTest, CorrectsThePlaceWhenTheCallerSaysNo) {
    begin();
    run({{"words 12 Main Street", {"note place: 12 Main Street", "answered place", "say what"}},
         {"words a car crash", {"note what: a car crash", "answered what", "say danger"}},
         {"keys 2", {"note danger: no", "answered danger", "say callback"}},
         {"keys 5550123#", {"note callback: 5550123", "answered callback", "say i_understood <1 2 Main Street.> right"}},
         {"words No, it is 20 Main Street", {"note place: 20 Main Street", "say i_understood <2 0 Main Street.> right"}},
         {"words no", {"say where_check"}},
         {"words 21 Main Street", {"note place: 21 Main Street", "answered place",
                                   "say i_understood <2 1 Main Street.> right"}},
         {"words no", {"answered place", "say your_number digit_5 digit_5 digit_5 digit_0 digit_1 digit_2 digit_3 right"}},
         {"keys 1", {"note callback: 5550123", "answered callback", "say noted"}}});
}

TEST_F(InterviewTest, WaitsForANumberThatComesInPieces) {
    begin();
    run({{"words 12 Main Street, a robbery, nobody is hurt",
          {"note place: 12 Main Street", "note what: 12 Main Street, a robbery, nobody is hurt", "answered place",
           "say danger"}},
         {"words no", {"note danger: no", "answered danger", "say callback"}},
         {"words five five five", {"listen 3500"}},
         {"words zero one", {"listen 3500"}},
         {"no_answer", {"say callback_again"}},
         {"words 555", {"listen 3500"}},
         {"words 0199", {"note callback: 5550199", "answered callback", "say i_understood <1 2 Main Street.> right"}}});
}

TEST_F(InterviewTest, AsksACallerWhoSaysNothingForKeys) {
    begin();
    run({{"heard", {"listen 7000"}},
         {"no_answer", {"say where_again"}},
         {"no_answer", {"answered place", "say keys_help"}},
         {"heard", {"listen 7000"}},
         {"keys 1", {"say keys_danger"}},
         {"keys 1", {"note danger: yes", "answered danger", "say keys_medical"}},
         {"keys 2", {"answered what", "say keys_fire"}},
         {"keys 9", {"say keys_again"}},
         {"keys 2", {"answered what", "say keys_police"}},
         {"keys 1", {"note what: police", "answered what", "say keys_here"}},
         {"keys 1", {"note place: where the caller is", "answered place", "say keys_number"}},
         {"keys 555", {"listen 3500"}},
         {"keys 0123#", {"note callback: 5550123", "answered callback", "person keys_done"}},
         {"words hello", {}}});
    EXPECT_TRUE(interview.over());
}

// T27: prompts, then a person by policy.
TEST_F(InterviewTest, HandsACallerWhoDoesNothingToAPerson) {
    begin();
    run({{"no_answer", {"say where_again"}},
         {"no_answer", {"answered place", "say keys_help"}},
         {"no_answer", {"say keys_help_again"}},
         {"no_answer", {"person silent"}}});
}

TEST_F(InterviewTest, NeverTakesANoByKeyForTheEndOfTheCall) {
    begin();
    run({{"no_answer", {"say where_again"}},
         {"no_answer", {"answered place", "say keys_help"}},
         {"keys 2", {"person keys_no_help"}}});
}

TEST_F(InterviewTest, TakesKeysAtAnOpenQuestionAsACallerWhoCannotSpeak) {
    begin();
    run({{"keys 1", {"say keys_help"}}, {"keys 1", {"say keys_danger"}}});
}

TEST_F(InterviewTest, LeavesTheKeysWhenTheCallerSpeaks) {
    begin();
    run({{"keys 1", {"say keys_help"}},
         {"words There is a fire at 12 Main Street",
          {"note place: 12 Main Street", "note what: There is a fire at 12 Main Street", "say danger"}}});
    EXPECT_FALSE(interview.by_keys());
}

TEST_F(InterviewTest, TakesASpokenYesToAKeyQuestion) {
    begin();
    run({{"keys 1", {"say keys_help"}}, {"words yes", {"say keys_danger"}}});
}

TEST_F(InterviewTest, AsksForKeysWhenTheEarsAreLost) {
    begin();
    run({{"words 12 Main Street", {"note place: 12 Main Street", "answered place", "say what"}},
         {"deaf", {"say keys_deaf"}},
         {"deaf", {}},
         {"keys 1", {"say keys_danger"}},
         {"hearing", {}},
         {"keys 2", {"note danger: no", "answered danger", "say keys_medical"}},
         {"keys 1", {"note what: medical", "answered what", "say keys_number"}}});
}

TEST_F(InterviewTest, AsksForKeysAfterTwoQuestionsWithoutAnAnswer) {
    begin();
    run({{"words 12 Main Street", {"note place: 12 Main Street", "answered place", "say what"}},
         {"no_answer", {"say what_again"}},
         {"no_answer", {"answered what", "say danger"}},
         {"no_answer", {"say danger_again"}},
         {"no_answer", {"answered danger", "say keys_help"}}});
}

TEST_F(InterviewTest, GivesTheCallToAPersonWhenAsked) {
    begin();
    run({{"words I want to talk to a real person!", {"person caller_asked"}}});
}

TEST_F(InterviewTest, DoesNotMistakeAPersonForAPerson) {
    begin();
    run({{"words a person is lying at 12 Main Street", {"note place: 12 Main Street", "answered place", "say what"}}});
}

TEST_F(InterviewTest, HandsOverAfterWaitingLong) {
    begin();
    run({{"words 12 Main Street, a fire, my wife is hurt, 5550123",
          {"note place: 12 Main Street", "note what: 12 Main Street, a fire, my wife is hurt, 5550123",
           "note danger: 12 Main Street, a fire, my wife is hurt, 5550123", "answered place", "say callback"}},
         {"words 5550123", {"note callback: 5550123", "answered callback", "say i_understood <1 2 Main Street.> right"}},
         {"words yes", {"note place: 12 Main Street", "answered place",
                        "say your_number digit_5 digit_5 digit_5 digit_0 digit_1 digit_2 digit_3 right"}},
         {"words yes", {"note callback: 5550123", "answered callback", "say noted"}},
         {"no_answer", {"say more"}}});
    for (int round = 1; round < k_more_rounds_max; ++round) {
        run({{"no_answer", {round % 2 == 1 ? "say more_again" : "say more"}}});
    }
    run({{"no_answer", {"person waited"}}});
}

TEST_F(InterviewTest, GoesOnWhenTheReadBackCannotBeSpoken) {
    begin();
    run({{"words 12 Main Street", {"note place: 12 Main Street", "answered place", "say what"}},
         {"words a fire", {"note what: a fire", "answered what", "say danger"}},
         {"words no", {"note danger: no", "answered danger", "say callback"}},
         {"words I don't know", {"answered callback", "say i_understood <1 2 Main Street.> right"}},
         {"unsaid", {"say not_repeated noted"}}});
}

TEST_F(InterviewTest, AsksAgainWhenANoiseStoppedTheQuestion) {
    begin();
    run({{"words ", {"say where_again"}}, {"words ", {"listen 3500"}}});
}

struct HandoverRow {
    const char* what;
    std::vector<Said> said;
    Lines first;
};

TEST(InterviewHandover, AsksTheLastOpenQuestionFirstAndNothingTwice) {
    using Who = Said::Who;
    const std::vector<HandoverRow> rows{
        {"nothing was said", {}, {"say still_here where"}},
        {"the question before the change was not answered",
         {{Who::caller, "There is a fire at 12 Main Street"}, {Who::voice, "Is anybody hurt?"}},
         {"note place: 12 Main Street", "note what: There is a fire at 12 Main Street", "say still_here danger"}},
        {"a later question is asked first when it is the open one",
         {{Who::caller, "12 Main Street"}, {Who::voice, "What number can I call you back on?"}},
         {"note place: 12 Main Street", "say still_here callback"}},
        {"answers belong to their questions",
         {{Who::voice, "What is the address?"},
          {Who::caller, "the red house by the river"},
          {Who::voice, "Is anyone in danger?"},
          {Who::caller, "no"}},
         {"note place: the red house by the river", "note danger: no", "say still_here what"}},
        {"an answered question is not open",
         {{Who::voice, "Where are you?"}, {Who::caller, "12 Main Street"}, {Who::voice, "I have that."}},
         {"note place: 12 Main Street", "say still_here what"}},
        {"a Spanish talk",
         {{Who::voice, "¿Cuál es la dirección?"},
          {Who::caller, "calle Olive 450, por favor"},
          {Who::voice, "¿Hay alguien herido?"}},
         {"note place: calle Olive 450, por favor", "say still_here danger"}},
    };
    for (const HandoverRow& row : rows) {
        Interview interview(k_extract, k_person_words);
        Handover handover;
        handover.joining = true;
        handover.said = row.said;
        auto lines = lines_of(interview.begin(handover));
        std::vector<std::string> without_language;
        for (auto& line : lines) {
            if (line.rfind("language", 0) != 0) without_language.push_back(std::move(line));
        }
        EXPECT_EQ(without_language, row.first) << row.what;
    }
}

// Whatever comes, in whatever order: it ends with a person or goes on asking, and never says two things.
TEST(InterviewAnything, SaysAtMostOneThingForEachInput) {
    const std::vector<std::string> inputs{"words fire",  "words yes", "words no", "words ", "words 12 Main Street",
                                          "words 5550",  "keys 1",    "keys 2",   "keys #", "keys 5550123#",
                                          "no_answer",   "unsaid",    "deaf",     "hearing", "heard"};
    std::uint32_t seed = 1;
    for (int round = 0; round < 2000; ++round) {
        Interview interview(k_extract, k_person_words);
        interview.begin({});
        for (int step = 0; step < 40; ++step) {
            seed = seed * 1664525u + 1013904223u;
            const bool over = interview.over();
            const auto lines = lines_of(interview.take(input_of(inputs[(seed >> 16) % inputs.size()])));
            int says = 0;
            for (const auto& line : lines) says += line.rfind("say", 0) == 0 || line.rfind("person", 0) == 0;
            ASSERT_LE(says, 1);
            ASSERT_TRUE(!over || lines.empty());
        }
    }
}

}  // namespace
}  // namespace holdfast::voice::scripted
