// Which parts of a recording nobody heard: each test is the story of one call.
#include "transcribe/spans.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace holdfast::transcribe {

void PrintTo(const Span& span, std::ostream* out) { *out << span.from_ms << "-" << span.to_ms; }

namespace {

using Spans = std::vector<Span>;

const base::CallSid k_call = *base::CallSid::parse("CA00000000000000000000000000001234");

// A call of 60 s that is recorded from 1 s on.
class UnheardSpans : public ::testing::Test {
  protected:
    UnheardSpans() {
        call.call.rung = "openai";
        recording.offset_ms = 1'000;
        recording.duration_ms = 59'000;
    }
    void moved(std::int64_t at, const char* from, const char* to) {
        call.seams.push_back({0, store::Seam{k_call, 0, at, "voice_lost", from, to, "test"}});
        call.call.rung = to;
    }
    store::Utterance& said(const char* provider, std::int64_t from, std::int64_t to,
                           store::Speaker who = store::Speaker::caller) {
        store::Utterance row;
        row.provider = provider;
        row.speaker = who;
        row.text = store::Text("words");
        row.start_ms = from;
        row.end_ms = to;
        call.utterances.push_back({0, row});
        return call.utterances.back().utterance;
    }
    Spans spans() const { return unheard_spans(call, recording); }

    store::CallDetail call;
    store::Recording recording;
};

TEST_F(UnheardSpans, OfACallThatStoodOnCannedAllTheTimeIsTheWholeRecording) {
    call.call.rung = "canned";
    EXPECT_EQ(spans(), (Spans{{1'000, 60'000}}));
}

TEST_F(UnheardSpans, OfACallThatWasHeardAllTheTimeAreNone) {
    said("openai", 3'000, 4'000);
    EXPECT_EQ(spans(), Spans{});
}

TEST_F(UnheardSpans, OfWordsThatWereKeptBecauseNobodyWroteThemDownAreAllOfThem) {
    recording.retention_class = "unheard";
    recording.offset_ms = 50'000;
    recording.duration_ms = 6'000;
    said("openai", 3'000, 4'000);
    EXPECT_EQ(spans(), (Spans{{50'000, 56'000}}));
    said("openai", 49'000, 52'000);
    EXPECT_EQ(spans(), (Spans{{52'000, 56'000}}));
}

TEST_F(UnheardSpans, PromptsAndKeysAreNoEars) {
    call.call.rung = "canned";
    said("recorded", 2'000, 9'000, store::Speaker::voice);
    said("canned", 2'000, 9'000, store::Speaker::voice);
    said("keypad", 10'000, 11'000);
    EXPECT_EQ(spans(), (Spans{{1'000, 60'000}}));
}

TEST_F(UnheardSpans, BeginWhereTheLostVoiceHeardLast) {
    said("openai", 3'000, 8'000);
    moved(20'000, "openai", "canned");
    EXPECT_EQ(spans(), (Spans{{8'000, 60'000}}));
    said("openai", 9'000, 15'000, store::Speaker::voice);  // its answer: everything until then was heard
    EXPECT_EQ(spans(), (Spans{{9'000, 60'000}}));
}

TEST_F(UnheardSpans, GoBackNoFurtherThanTheRing) {
    said("openai", 1'500, 2'000);
    moved(50'000, "openai", "canned");
    EXPECT_EQ(spans(), (Spans{{20'000, 60'000}}));
}

TEST_F(UnheardSpans, EndWhereTheNextVoiceWroteDownWhatItWasGiven) {
    moved(2'000, "openai", "canned");
    moved(40'000, "canned", "openai");
    said("openai", 30'000, 34'000);  // out of the ring
    said("openai", 41'000, 42'000);
    EXPECT_EQ(spans(), (Spans{{1'000, 30'000}, {34'000, 40'000}}));
}

TEST_F(UnheardSpans, TakeInAStayWhoseVoiceNeverCame) {
    said("openai", 3'000, 8'000);
    moved(10'000, "openai", "scripted");
    moved(14'000, "scripted", "canned");
    moved(30'000, "canned", "person");
    EXPECT_EQ(spans(), (Spans{{8'000, 30'000}}));
}

TEST_F(UnheardSpans, OfAChangeAreWhatTheNextEarsDidNotWriteDown) {
    said("openai", 3'000, 8'000);
    moved(12'000, "openai", "eleven_agent");
    said("eleven_agent", 9'000, 13'000);
    EXPECT_EQ(spans(), (Spans{{8'000, 9'000}}));
}

TEST_F(UnheardSpans, AFailedTranscriptionHeardNothing) {
    moved(2'000, "openai", "canned");
    moved(40'000, "canned", "openai");
    said("openai", 30'000, 34'000).failed = true;
    said("openai", 35'000, 36'000).text = store::Text();
    said("openai", 41'000, 42'000);
    EXPECT_EQ(spans(), (Spans{{1'000, 40'000}}));
}

TEST_F(UnheardSpans, AreTheSameWhenSomeAreTranscribedAlready) {
    call.call.rung = "canned";
    said("openai", 5'000, 9'000).deferred = true;
    EXPECT_EQ(spans(), (Spans{{1'000, 60'000}}));
}

TEST_F(UnheardSpans, OfASecondRecordingAreItsOwn) {
    call.call.rung = "canned";
    recording.offset_ms = 30'000;
    recording.duration_ms = 5'000;
    EXPECT_EQ(spans(), (Spans{{30'000, 35'000}}));
    recording.duration_ms = 0;
    EXPECT_EQ(spans(), Spans{});
}

TEST_F(UnheardSpans, LeaveOutWhatIsTooShortForAWord) {
    call.call.rung = "canned";
    said("openai", 1'100, 59'900);
    EXPECT_EQ(spans(), Spans{});
}

}  // namespace
}  // namespace holdfast::transcribe
