#include "call/late_case.hpp"

#include "support/fake_call_world.hpp"

#include <gtest/gtest.h>

namespace holdfast::test {
namespace {

// A journal that answers with what a test put into it, and keeps what is appended.
class LateJournal : public FakeJournal {
  public:
    void read_call(store::CallSid, std::function<void(base::Result<store::CallDetail>)> done) override { done(detail); }
    store::CallDetail detail;
};

class LateCaseTest : public testing::Test {
  protected:
    LateCaseTest()
        : late({loop, journal, [] { return incident::CaseSettings(); }, [this](const store::Dispatch& row) { proposed.push_back(row); }}) {
        journal.detail.call.call = *base::CallSid::parse("CA00000000000000000000000000000001");
        journal.detail.call.ended_utc_ms = 1;
    }
    void said(const std::string& text, std::int64_t at_ms, bool deferred, store::Speaker who = store::Speaker::caller) {
        store::UtteranceRow row;
        row.utterance.call = journal.detail.call.call;
        row.utterance.text = store::Text(text);
        row.utterance.start_ms = at_ms;
        row.utterance.end_ms = at_ms + 500;
        row.utterance.item_id = "item_" + std::to_string(at_ms);
        row.utterance.deferred = deferred;
        row.utterance.speaker = who;
        journal.detail.utterances.push_back(row);
    }
    void transcribed() {
        late.transcribed(journal.detail.call.call);
        loop.run_posted();
    }
    // What was appended becomes what is read next.
    void keep() {
        for (const auto& row : journal.rows<store::Fact>()) journal.detail.facts.push_back({0, row});
        for (const auto& row : journal.rows<store::Incident>()) journal.detail.incidents.push_back({0, row});
        for (const auto& row : journal.rows<store::Dispatch>()) journal.detail.dispatches.push_back({0, row});
        journal.records.clear();
    }
    FakeLoop loop;
    LateJournal journal;
    std::vector<store::Dispatch> proposed;
    call::LateCase late;
};

TEST_F(LateCaseTest, WordsWrittenDownLaterMakeTheSameIncident) {
    said("What is the address?", 100, false, store::Speaker::voice);
    said("There is a fire at 123 Main Street.", 1000, true);
    store::Dispatch blind;  // what three unanswered questions had led to
    blind.call = journal.detail.call.call;
    blind.number = 1;
    blind.state = "proposed";
    blind.rule = "questions";
    blind.type = "TROUBLE";
    journal.detail.dispatches.push_back({0, blind});
    transcribed();
    EXPECT_EQ(journal.rows<store::Fact>().size(), 2u);
    const auto incident = journal.rows<store::Incident>().at(0);
    EXPECT_EQ(incident.type, "FUNK");
    EXPECT_EQ(incident.place.reveal(), "123 MAIN ST");
    ASSERT_EQ(proposed.size(), 1u);
    EXPECT_EQ(proposed[0].number, 2);
    EXPECT_EQ(proposed[0].rule, "late_words");
}

TEST_F(LateCaseTest, NothingIsWrittenTwice) {
    said("There is a fire at 123 Main Street.", 1000, true);
    transcribed();
    keep();
    transcribed();
    EXPECT_TRUE(journal.records.empty());
    EXPECT_EQ(proposed.size(), 1u);
    said("And my son is hurt.", 5000, true);
    transcribed();
    const auto incidents = journal.rows<store::Incident>();
    ASSERT_EQ(incidents.size(), 1u);
    EXPECT_EQ(incidents[0].rev, 2);
    EXPECT_EQ(incidents[0].also, "TRAUMA");
}

TEST_F(LateCaseTest, ACallThatGoesOnIsLeftToItself) {
    said("There is a fire at 123 Main Street.", 1000, true);
    journal.detail.call.ended_utc_ms.reset();
    transcribed();
    EXPECT_TRUE(journal.records.empty());
}

TEST_F(LateCaseTest, WhatWasReadLiveIsNotReadAgain) {
    said("There is a fire at 123 Main Street.", 1000, false);
    store::Incident known;
    known.type = "FUNK";
    known.priority = 1;
    known.place = store::Text("123 MAIN ST");
    known.place_known = true;
    known.rev = 1;
    journal.detail.incidents.push_back({0, known});
    said("", 5000, true);
    transcribed();
    EXPECT_TRUE(journal.records.empty());
}

TEST_F(LateCaseTest, WhatAModelReportedLiveStaysBesideTheLateWords) {
    store::Fact type;
    type.slot = "type";
    type.source = "model";
    type.normal = store::Text("MVAINJY");
    type.turn = "call_1";
    type.offset_ms = 3000;
    journal.detail.facts.push_back({0, type});
    said("There is a fire at 123 Main Street.", 5000, true);
    transcribed();
    EXPECT_EQ(journal.rows<store::Fact>().size(), 2u);  // the model's own is there already
    const auto incident = journal.rows<store::Incident>().at(0);
    EXPECT_EQ(incident.type, "FUNK");
    EXPECT_TRUE(incident.differ);
}

}  // namespace
}  // namespace holdfast::test
