// The whole work with a clock that moves by hand: real files, a journal in memory, a service that answers when the
// test says so.
#include "transcribe/transcriber.hpp"

#include "audio/wav.hpp"
#include "support/fake_loop.hpp"
#include "support/silent_journal.hpp"
#include "transcribe/limits.hpp"
#include "unit/transcribe/recorded.hpp"
#include "unit/transcribe/sounds.hpp"

#include <algorithm>
#include <fstream>
#include <map>

namespace holdfast::transcribe {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::hush;
using test::k_call;
using test::talk;

// Keeps rows as the real one does, as far as this room can tell.
class MemoryJournal : public test::SilentJournal {
  public:
    bool append(store::Record record, store::Ack ack) override {
        if (full) return false;
        if (const auto* said = std::get_if<store::Utterance>(&record)) {
            ++utterances_offered;
            const bool known = std::any_of(detail.utterances.begin(), detail.utterances.end(), [&](const auto& row) {
                return row.utterance.deferred && row.utterance.item_id == said->item_id;
            });
            if (durable && !known) detail.utterances.push_back({0, *said});
        }
        if (const auto* audit = std::get_if<store::Audit>(&record)) audits.push_back(*audit);
        if (ack) ack(store::Committed{durable, false, 1});
        return true;
    }
    void read_call(store::CallSid, std::function<void(base::Result<store::CallDetail>)> done) override { done(detail); }
    void read_untranscribed(std::int64_t after, std::function<void(base::Result<store::Untranscribed>)> done) override {
        ++looks;
        store::Untranscribed answer;
        answer.next = after;
        for (const auto& row : recordings) {
            if (row.row <= after) continue;
            answer.next = row.row;
            if (!is_done(row.recording.path)) answer.recordings.push_back(row);
        }
        done(answer);
    }
    store::StoreStatus status() const override {
        store::StoreStatus status;
        status.reason = reason;
        return status;
    }
    bool is_done(const std::string& path) const {
        return std::any_of(audits.begin(), audits.end(), [&](const store::Audit& audit) {
            return audit.action == store::k_transcribed && audit.detail.rfind("path=" + path + " ", 0) == 0;
        });
    }

    store::CallDetail detail;
    std::vector<store::UntranscribedRecording> recordings;
    std::vector<store::Audit> audits;
    std::string reason;
    bool full = false;
    bool durable = true;
    int looks = 0;
    int utterances_offered = 0;
};

class TranscriberTest : public ::testing::Test {
  protected:
    struct Request final : net::HttpStream {
        void cancel() override { cancelled = true; }
        net::HttpCall call;
        net::HttpStreamListener* listener = nullptr;
        bool cancelled = false;
    };

    TranscriberTest() {
        journal.detail.call.call = k_call;
        journal.detail.call.rung = "canned";
        auto config = config::Config();
        config.openai.url = "ws://127.0.0.1:9/v1/realtime";
        service = *make_service(config);
    }
    // Two sentences, the second one 10 s behind the first; the recording begins 5 s into the call.
    void record_two() { add(hush(1'000) + talk(2'000) + hush(10'000) + talk(1'000) + hush(1'000)); }
    void add(const std::string& caller) {
        const auto finished = test::record(folder.path(), caller, 5'000, loop.utc_ms() - 600'000, sealed_with);
        store::UntranscribedRecording row;
        row.row = static_cast<std::int64_t>(journal.recordings.size()) + 1;
        row.call_ended_utc_ms = loop.utc_ms() - 500'000;
        row.recording.call = k_call;
        row.recording.utc_ms = finished.identity.utc_ms;
        row.recording.offset_ms = finished.identity.offset_ms;
        row.recording.path = finished.name;
        row.recording.sha256 = finished.sha256;
        row.recording.duration_ms = finished.samples / 8;
        journal.recordings.push_back(row);
    }
    std::string path() const { return journal.recordings.at(0).recording.path; }
    void begin() {
        Parts parts{loop, journal, folder.path(),
                    [this](net::HttpCall call, net::HttpStreamListener& listener) {
                        requests.push_back(std::make_shared<Request>());
                        requests.back()->call = std::move(call);
                        requests.back()->listener = &listener;
                        return requests.back();
                    },
                    [] { return 0xffffffffu; }};
        parts.keys = [this](const base::CallSid& call) {
            EXPECT_EQ(call, k_call);
            ++keys_asked;
            return key;
        };
        transcriber = std::make_shared<Transcriber>(std::move(parts));
        transcriber->configure(service);
        transcriber->allow(true);
        loop.advance(0ms);
    }
    void answer(int status, const std::string& body, std::vector<std::pair<std::string, std::string>> headers = {}) {
        auto* const listener = requests.back()->listener;
        ASSERT_FALSE(requests.back()->cancelled);
        listener->on_http_head({status, std::move(headers), ""});
        listener->on_http_body(body.substr(0, body.size() / 2));
        listener->on_http_body(body.substr(body.size() / 2));
        listener->on_http_end({});
        loop.advance(0ms);
    }
    void say(const std::string& text) { answer(200, "{\"text\":\"" + text + "\"}"); }
    void fail(const char* code, const char* detail = "") {
        requests.back()->listener->on_http_end(base::make_error(base::Condition::retry, code, detail));
        loop.advance(0ms);
    }
    std::vector<std::string> texts() const {
        std::vector<std::string> out;
        for (const auto& row : journal.detail.utterances) {
            out.push_back(row.utterance.failed ? "(failed)" : row.utterance.text.reveal());
        }
        return out;
    }
    std::string done() const { return journal.audits.empty() ? "" : journal.audits.back().detail; }

    test::FakeLoop loop;
    test::TempFolder folder;
    recording::FileKey key;          // what is answered
    recording::FileKey sealed_with;  // what the next recording is sealed with
    int keys_asked = 0;
    MemoryJournal journal;
    std::shared_ptr<const Service> service;
    std::vector<std::shared_ptr<Request>> requests;
    std::shared_ptr<Transcriber> transcriber;
};

using Texts = std::vector<std::string>;

TEST_F(TranscriberTest, WritesDownWhatNobodyHeardAtItsPlace) {
    record_two();
    begin();
    ASSERT_EQ(requests.size(), 1u) << "one at a time";
    say("I am at twelve Main Street.");
    ASSERT_EQ(requests.size(), 2u);
    say("Help.");
    EXPECT_EQ(requests.size(), 2u);
    ASSERT_EQ(journal.detail.utterances.size(), 2u);
    const auto& first = journal.detail.utterances[0].utterance;
    EXPECT_TRUE(first.deferred);
    EXPECT_FALSE(first.failed);
    EXPECT_EQ(first.speaker, store::Speaker::caller);
    EXPECT_EQ(first.provider, "openai");
    EXPECT_EQ(first.text.reveal(), "I am at twelve Main Street.");
    EXPECT_NEAR(static_cast<double>(first.start_ms), 6'000, 400) << "on the call's clock";
    EXPECT_NEAR(static_cast<double>(first.end_ms), 8'000, 400);
    EXPECT_EQ(first.utc_ms, journal.recordings[0].recording.utc_ms + first.end_ms - 5'000) << "when it was said";
    EXPECT_NEAR(static_cast<double>(journal.detail.utterances[1].utterance.start_ms), 18'000, 400);
    EXPECT_EQ(done(), "path=" + path() + " result=words provider=openai model=gpt-transcribe");
    EXPECT_EQ(journal.audits.size(), 1u);
}

TEST_F(TranscriberTest, SendsTheCallersSideOnly) {
    record_two();
    begin();
    ASSERT_EQ(requests.size(), 1u);
    const auto& body = requests[0]->call.body;
    const auto wav = audio::read_wav(std::string_view(body).substr(body.find("RIFF")));
    ASSERT_TRUE(wav);
    const auto of_box = audio::mulaw_decode(std::string(1, 'b')).front();
    EXPECT_EQ(std::count(wav->samples.begin(), wav->samples.end(), of_box) > static_cast<int>(wav->samples.size() / 10), false);
    EXPECT_NEAR(static_cast<double>(wav->samples.size()) / 8, 2'400, 400);
}

TEST_F(TranscriberTest, GoesOnBehindWhatAnEarlierRunHasDone) {
    record_two();
    begin();
    say("first");
    ASSERT_EQ(requests.size(), 2u);
    transcriber.reset();  // killed while the second was under way
    requests.clear();
    begin();
    ASSERT_EQ(requests.size(), 1u) << "only what is not there";
    say("second");
    EXPECT_EQ(texts(), (Texts{"first", "second"}));
    EXPECT_TRUE(journal.is_done(path()));
    transcriber.reset();
    requests.clear();
    begin();
    loop.advance(k_look_every * 3);
    EXPECT_TRUE(requests.empty());
}

TEST_F(TranscriberTest, DoesNothingUntilItMay) {
    record_two();
    begin();
    transcriber->allow(false);
    EXPECT_TRUE(requests.back()->cancelled) << "a call needs the line";
    loop.advance(k_look_every * 10);
    EXPECT_EQ(requests.size(), 1u);
    transcriber->allow(true);
    loop.advance(0ms);
    ASSERT_EQ(requests.size(), 2u);
    EXPECT_EQ(requests[1]->call.body.size(), requests[0]->call.body.size()) << "the same piece";
    say("first");
    say("second");
    EXPECT_EQ(texts(), (Texts{"first", "second"}));
}

TEST_F(TranscriberTest, IsOffWithoutAService) {
    record_two();
    service = nullptr;
    begin();
    loop.advance(k_look_every * 10);
    EXPECT_TRUE(requests.empty());
    EXPECT_EQ(journal.looks, 0);
}

TEST_F(TranscriberTest, WaitsForTheEndOfTheCallAndItsLastWords) {
    record_two();
    journal.recordings[0].call_ended_utc_ms.reset();
    begin();
    loop.advance(k_look_every * 10);
    EXPECT_TRUE(requests.empty());
    journal.recordings[0].call_ended_utc_ms = loop.utc_ms();
    loop.advance(std::chrono::milliseconds(k_ended_for_ms) - 1ms);
    EXPECT_TRUE(requests.empty());
    loop.advance(k_look_every + 1ms);
    EXPECT_EQ(requests.size(), 1u);
}

TEST_F(TranscriberTest, AsksForNothingWhereNobodySpoke) {
    add(hush(20'000));
    begin();
    loop.advance(k_look_every);
    EXPECT_TRUE(requests.empty());
    EXPECT_NE(done().find("result=nothing"), std::string::npos) << done();
}

TEST_F(TranscriberTest, ReadsNoFileOfWhichAllWasHeard) {
    record_two();
    journal.detail.call.rung = "openai";
    store::Utterance said;
    said.provider = "openai";
    said.text = store::Text("live");
    said.start_ms = 6'000;
    said.end_ms = 7'000;
    journal.detail.utterances.push_back({0, said});
    fs::remove(folder.path() + "/" + path());
    begin();
    EXPECT_NE(done().find("result=nothing"), std::string::npos) << done();
}

TEST_F(TranscriberTest, NoWordsAreAnAnswerToo) {
    record_two();
    begin();
    say("");
    say("second");
    EXPECT_EQ(texts(), (Texts{"", "second"}));
}

TEST_F(TranscriberTest, AMissingOrDamagedFileIsNotedOnce) {
    record_two();
    const std::string file = folder.path() + "/" + path();
    {
        std::fstream damage(file, std::ios::binary | std::ios::in | std::ios::out);
        damage.seekp(2'000);
        damage.put('!');
    }
    begin();
    EXPECT_NE(done().find("result=damaged"), std::string::npos) << done();
    journal.audits.clear();
    transcriber.reset();
    fs::remove(file);
    begin();
    EXPECT_NE(done().find("result=missing"), std::string::npos) << done();
    loop.advance(k_look_every * 100);
    EXPECT_EQ(journal.audits.size(), 1u);
    EXPECT_TRUE(requests.empty());
    EXPECT_TRUE(texts().empty());
}

TEST_F(TranscriberTest, AFileWithoutItsLastNameIsWaitedFor) {
    record_two();
    const std::string file = folder.path() + "/" + path();
    fs::rename(file, file + ".part");
    begin();
    loop.advance(k_look_every * 5);
    EXPECT_TRUE(journal.audits.empty());
    fs::rename(file + ".part", file);
    loop.advance(k_look_every);
    EXPECT_EQ(requests.size(), 1u);
}

TEST_F(TranscriberTest, AFileThatNeverGetsItsNameIsGivenUp) {
    record_two();
    const std::string file = folder.path() + "/" + path();
    fs::rename(file, file + ".part");
    begin();
    loop.advance(k_look_every * (k_file_looks_max + 2));
    EXPECT_NE(done().find("result=missing"), std::string::npos) << done();
}

TEST_F(TranscriberTest, ASealedRecordingIsHeardLikeAnother) {
    key = sealed_with = test::k_file_key;
    record_two();
    begin();
    say("first");
    say("second");
    EXPECT_EQ(texts(), (Texts{"first", "second"}));
}

TEST_F(TranscriberTest, ASealedRecordingWaitsForItsKeyAndHoldsUpNobody) {
    sealed_with = test::k_file_key;
    record_two();
    sealed_with = {};
    add(hush(1'000) + talk(1'000));
    key.kind = recording::FileKey::Kind::unavailable;
    begin();
    say("of the second");
    loop.advance(k_look_every * (k_file_looks_max + 2) + k_key_again);
    EXPECT_EQ(journal.audits.size(), 1u) << "the second one; the first is not given up";
    EXPECT_LE(keys_asked, 5) << "and not asked for all the time";
    key = test::k_file_key;
    loop.advance(k_key_again);
    say("of the first");
    EXPECT_EQ(texts(), (Texts{"of the second", "of the first"}));
}

TEST_F(TranscriberTest, OneThatWaitsDoesNotHoldUpTheOthers) {
    record_two();
    add(hush(1'000) + talk(1'000));
    journal.recordings[0].call_ended_utc_ms.reset();
    begin();
    ASSERT_EQ(requests.size(), 1u);
    say("of the second");
    journal.recordings[0].call_ended_utc_ms = loop.utc_ms() - k_ended_for_ms;
    loop.advance(k_look_every);
    ASSERT_EQ(requests.size(), 2u);
}

TEST_F(TranscriberTest, APieceTheServiceFailsAtIsTriedAgainAndGivenUpInTheEnd) {
    record_two();
    begin();
    for (int attempt = 1; attempt < k_attempts_max; ++attempt) {
        ASSERT_EQ(requests.size(), static_cast<std::size_t>(attempt));
        attempt % 3 == 0 ? fail("timeout", "answer") : attempt % 3 == 1 ? answer(500, "") : say("\xff");
        EXPECT_EQ(requests.size(), static_cast<std::size_t>(attempt)) << "not at once";
        loop.advance(k_backoff_most);
    }
    answer(502, "");
    EXPECT_EQ(texts(), Texts{"(failed)"});
    ASSERT_EQ(requests.size(), static_cast<std::size_t>(k_attempts_max) + 1) << "the next piece, with attempts of its own";
    answer(500, "");
    loop.advance(k_backoff_most);
    say("second");
    EXPECT_EQ(texts(), (Texts{"(failed)", "second"}));
}

TEST_F(TranscriberTest, WhatIsNotThePiecesFaultIsNoAttempt) {
    record_two();
    begin();
    for (int i = 0; i < 2 * k_attempts_max; ++i) {
        i % 2 == 0 ? fail("connect") : answer(429, "", {{"Retry-After", "3"}});
        loop.advance(k_backoff_most);
    }
    say("first");
    EXPECT_EQ(texts(), Texts{"first"});
}

TEST_F(TranscriberTest, RespectsRetryAfter) {
    record_two();
    begin();
    answer(429, "", {{"Retry-After", "120"}});
    loop.advance(119s);
    EXPECT_EQ(requests.size(), 1u);
    loop.advance(1s);
    EXPECT_EQ(requests.size(), 2u);
}

TEST_F(TranscriberTest, LeavesAServiceAloneThatDoesNotLetItIn) {
    record_two();
    begin();
    answer(401, "");
    loop.advance(k_hold - 1ms);
    EXPECT_EQ(requests.size(), 1u);
    loop.advance(1ms);
    EXPECT_EQ(requests.size(), 2u);
}

TEST_F(TranscriberTest, AudioThatIsRefusedIsNotSentAgain) {
    record_two();
    begin();
    answer(400, R"({"error":{"code":"unsupported_format","param":"file"}})");
    EXPECT_EQ(texts(), Texts{"(failed)"});
    ASSERT_EQ(requests.size(), 2u);
    answer(400, R"({"error":{"code":"unsupported_format","param":"file"}})");
    EXPECT_NE(done().find("result=failed"), std::string::npos) << done();
}

TEST_F(TranscriberTest, AnAnswerTheJournalDoesNotTakeIsKeptAndNotAskedForAgain) {
    record_two();
    begin();
    journal.full = true;
    say("first");
    loop.advance(k_look_every * 3);
    EXPECT_EQ(requests.size(), 1u);
    journal.full = false;
    journal.durable = false;
    loop.advance(k_look_every);
    EXPECT_TRUE(texts().empty());
    journal.durable = true;
    loop.advance(k_look_every);
    EXPECT_EQ(texts(), Texts{"first"});
    EXPECT_EQ(requests.size(), 2u);
}

TEST_F(TranscriberTest, DoesNothingWhileADamagedJournalIsBroughtOver) {
    record_two();
    journal.reason = "quarantined";
    begin();
    loop.advance(k_look_every * 3);
    EXPECT_EQ(journal.looks, 0);
    journal.reason.clear();
    loop.advance(k_look_every);
    EXPECT_EQ(requests.size(), 1u);
}

TEST_F(TranscriberTest, ManyRecordingsWithoutWordsAreNoDeepStack) {
    add(hush(100));
    for (int i = 1; i < 5'000; ++i) {
        journal.recordings.push_back(journal.recordings[0]);
        journal.recordings.back().row = i + 1;
        journal.recordings.back().recording.path = "CA.g1." + std::to_string(i) + ".wav";
    }
    begin();
    loop.advance(k_look_every);
    EXPECT_EQ(journal.audits.size(), 5'000u);
}

}  // namespace
}  // namespace holdfast::transcribe
