#include "voice/scripted/extract.hpp"

#include <gtest/gtest.h>

namespace holdfast::voice::scripted {
namespace {

struct Row {
    const char* text;
    const char* place;
    const char* digits;
    bool what;
    bool filler;
};

TEST(SimpleExtract, FindsWhatItIsSureOf) {
    const SimpleExtract extract;
    const Row rows[] = {
        {"12 Main Street", "12 Main Street", "12", false, false},
        {"it's twelve thirty-four North Larch Drive apartment 4", "twelve thirty-four North Larch Drive apartment 4",
         "4", false, false},
        {"I'm at the corner of Fifth and Main", "corner of Fifth and Main", "", false, false},
        {"on the freeway near exit 12", "exit 12", "12", false, false},
        {"calle Olive número 450", "calle Olive número 450", "450", false, false},
        {"el 450 de la calle Olive", "450 de la calle Olive", "450", false, false},
        {"my number is 303-555-0123", "", "3035550123", false, false},
        {"there's a fire", "", "", true, false},
        {"hay humo y fuego", "", "", true, false},
        {"hello? please help", "", "", false, true},
        {"¿bueno? ayuda por favor", "", "", false, true},
        {"in the middle of nowhere", "", "", false, false},
        {"", "", "", false, true},
    };
    for (const Row& row : rows) {
        const Found found = extract.look(row.text, Language::en);
        EXPECT_EQ(found.place, row.place) << row.text;
        EXPECT_EQ(found.digits, row.digits) << row.text;
        EXPECT_EQ(!found.what.empty(), row.what) << row.text;
        EXPECT_EQ(found.filler, row.filler) << row.text;
    }
}

TEST(SimpleExtract, KnowsYesAndNoInBothLanguages) {
    const SimpleExtract extract;
    for (const char* yes : {"Yes.", "yeah he is", "Sí", "correcto"}) {
        EXPECT_EQ(extract.look(yes, Language::en).yes, std::optional<bool>(true)) << yes;
    }
    for (const char* no : {"No.", "nobody", "No, nadie"}) {
        EXPECT_EQ(extract.look(no, Language::en).yes, std::optional<bool>(false)) << no;
    }
    EXPECT_FALSE(extract.look("he is in the kitchen", Language::en).yes);
}

TEST(SimpleExtract, ChangesTheLanguageOnlyOnAClearLead) {
    const SimpleExtract extract;
    EXPECT_EQ(extract.look("necesito ayuda por favor", Language::en).language, Language::es);
    EXPECT_EQ(extract.look("no hablo inglés", Language::en).language, Language::es);
    EXPECT_EQ(extract.look("my house is on fire", Language::es).language, Language::en);
    EXPECT_EQ(extract.look("está on fire el garage", Language::en).language, Language::es);
    EXPECT_FALSE(extract.look("there is a fire, el garage está ardiendo", Language::en).language);
    EXPECT_FALSE(extract.look("fire", Language::es).language);
}

TEST(SplitWords, FoldsAccentsAndKeepsPlaces) {
    const std::string text = "¡Dígame, ÑANDÚ!";
    const auto words = split_words(text);
    ASSERT_EQ(words.size(), 2u);
    EXPECT_EQ(words[0].folded, "digame");
    EXPECT_EQ(words[1].folded, "nandu");
    EXPECT_EQ(text.substr(words[0].begin, words[0].end - words[0].begin), "Dígame");
}

TEST(SplitWords, HasALimitAndSurvivesBrokenText) {
    std::string long_text;
    for (int i = 0; i < 5000; ++i) long_text += "a ";
    EXPECT_EQ(split_words(long_text).size(), 400u);
    EXPECT_EQ(split_words("\xc3").size(), 0u);
    EXPECT_EQ(split_words("\xff\xfe ok \xc3").size(), 1u);
}

TEST(HasPhrase, WantsWholeWords) {
    EXPECT_TRUE(has_phrase("Get me an OPERATOR, now", {"operator"}));
    EXPECT_FALSE(has_phrase("operators are", {"operator"}));
    EXPECT_TRUE(has_phrase("quiero hablar con una persona", {"hablar con una persona"}));
    EXPECT_FALSE(has_phrase("anything", {"", " "}));
}

TEST(Sentences, AreShortUtf8AndPromiseNothing) {
    for (std::size_t i = 0; i < k_sentences; ++i) {
        for (const Language language : {Language::en, Language::es}) {
            const auto text = words(static_cast<Sentence>(i), language);
            EXPECT_FALSE(text.empty());
            for (const std::string promise : {"on the way", "coming", "en camino", "minute", "sent"}) {
                EXPECT_EQ(text.find(promise), std::string_view::npos) << text;
            }
        }
    }
}

}  // namespace
}  // namespace holdfast::voice::scripted
