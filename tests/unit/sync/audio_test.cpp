// The sound of recordings: when it goes, how it goes on, and what becomes of what cannot go. A real journal, and a sink and files
// that a test answers for.
#include "base/sha256.hpp"
#include "sync/worker.hpp"

#include "unit/store/journal_world.hpp"

#include <atomic>
#include <deque>
#include <map>

namespace holdfast::test {
namespace {

using store::ChangeClass;
using sync::Outcome;

constexpr auto k_chunk = static_cast<std::size_t>(sync::k_audio_chunk_bytes);

Outcome not_now(Outcome::State state, const char* why) {
    Outcome outcome;
    outcome.state = state;
    outcome.why = why;
    return outcome;
}
Outcome refusal(bool sure) {
    Outcome outcome;
    outcome.refused.push_back({0, "", "Document failed validation", sure});
    return outcome;
}

// What stands on the server and what was asked of it, in order.
struct Agency {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::string> asked;                                   // "call", "look x.wav", "chunks x.wav 0", "finish x.wav" ...
    std::map<std::string, std::map<std::int64_t, std::string>> chunks;  // of a path, by their number
    std::map<std::string, std::int64_t> files;                          // whole ones, and their length
    std::deque<std::function<Outcome(const std::string&)>> answers;     // to what is asked about sound; else it is taken
    std::function<void(const std::string&)> on_ask;
};

class AgencySink : public sync::Sink {
  public:
    explicit AgencySink(Agency& agency) : agency_(agency) {}
    const char* name() const override { return "mongodb"; }
    Outcome send(const store::Changes&, ChangeClass change_class) override {
        note(store::to_string(change_class));
        return {};
    }
    sync::AudioSink* audio() override { return &part_; }

  private:
    class Part : public sync::AudioSink {
      public:
        explicit Part(AgencySink& sink) : sink_(sink) {}
        const char* name() const override { return "mongodb.audio"; }
        std::string key_of(const store::Change& change) const override { return "recording/" + path(change) + ":audio"; }
        Outcome look(const store::Change& change, There& there) override {
            const auto outcome = sink_.ask("look " + path(change));
            const std::lock_guard<std::mutex> lock(sink_.agency_.mutex);
            there.whole = sink_.agency_.files.count(path(change)) > 0;
            const auto& chunks = sink_.agency_.chunks[path(change)];
            there.chunks = chunks.empty() ? 0 : chunks.rbegin()->first + 1;
            return outcome;
        }
        Outcome send_chunks(const store::Change& change, std::int64_t at, const std::string& bytes) override {
            auto outcome = sink_.ask("chunks " + path(change) + " " + std::to_string(at / sync::k_audio_chunk_bytes));
            outcome.bytes = static_cast<std::int64_t>(bytes.size());
            if (outcome.state != Outcome::State::taken || !outcome.refused.empty()) return outcome;
            const std::lock_guard<std::mutex> lock(sink_.agency_.mutex);
            for (std::size_t from = 0; from < bytes.size(); from += k_chunk) {
                sink_.agency_.chunks[path(change)][at / sync::k_audio_chunk_bytes + static_cast<std::int64_t>(from / k_chunk)] =
                    bytes.substr(from, k_chunk);
            }
            return outcome;
        }
        Outcome finish(const store::Change& change, std::int64_t total, std::int64_t) override {
            auto outcome = sink_.ask("finish " + path(change));
            if (outcome.state != Outcome::State::taken) return outcome;
            const std::lock_guard<std::mutex> lock(sink_.agency_.mutex);
            sink_.agency_.files[path(change)] = total;
            return outcome;
        }

      private:
        static std::string path(const store::Change& change) { return std::get<store::Recording>(change.what).path; }
        AgencySink& sink_;
    };

    Outcome ask(const std::string& what) {
        std::function<Outcome(const std::string&)> answer;
        {
            const std::lock_guard<std::mutex> lock(agency_.mutex);
            if (!agency_.answers.empty()) {
                answer = std::move(agency_.answers.front());
                agency_.answers.pop_front();
            }
        }
        note(what);
        return answer ? answer(what) : Outcome();
    }
    void note(const std::string& what) {
        if (agency_.on_ask) agency_.on_ask(what);
        const std::lock_guard<std::mutex> lock(agency_.mutex);
        agency_.asked.push_back(what);
    }

    Agency& agency_;
    Part part_{*this};
};

class AudioTest : public JournalTest {
  protected:
    ~AudioTest() override { worker.reset(); }
    void start(bool audio = true) {
        sync::WorkerParts parts{*journal, [this] { return std::make_unique<AgencySink>(agency); }, {}, [] { return k_now_utc_ms; },
                                [] { return 1u; }};
        parts.allowance = [this] { return sync::Allowance{paused, share}; };
        parts.poll = 1ms;
        parts.again_first = 1ms;
        parts.again_most = 2ms;
        if (audio) {
            parts.read_audio = [this](const auto& recording, std::int64_t at, std::int64_t bytes) { return read(recording.path, at, bytes); };
        }
        worker = std::make_unique<sync::Worker>(std::move(parts));
    }
    base::Result<sync::AudioPiece> read(const std::string& path, std::int64_t at, std::int64_t bytes) {
        const std::lock_guard<std::mutex> lock(agency.mutex);
        largest_read = std::max(largest_read, bytes);
        if (const auto bad = unreadable.find(path); bad != unreadable.end()) return bad->second;
        const auto& whole = sound[path];
        const auto piece = whole.substr(static_cast<std::size_t>(at), static_cast<std::size_t>(bytes));
        return sync::AudioPiece{static_cast<std::int64_t>(whole.size()), piece};
    }
    // A recording of so many bytes, no two chunks of which are alike.
    void record(unsigned call, const std::string& path, std::size_t bytes) {
        std::string made;
        for (std::size_t i = 0; i < bytes; ++i) made += static_cast<char>((i * 7 + i / k_chunk) & 0xff);
        auto row = recorded(call, path);
        row.sha256 = base::sha256_hex(made);
        {
            const std::lock_guard<std::mutex> lock(agency.mutex);
            sound[path] = made;
        }
        write(row);
    }
    std::int64_t waiting(const char* sink) {
        auto got = ask<std::vector<store::ClassBacklog>>([&](auto done) { journal->read_backlog(sink, done); });
        return got ? (*got)[static_cast<std::size_t>(ChangeClass::recording) - 1].waiting : -1;
    }
    bool all_heard() {
        return eventually([this] { return waiting("mongodb.audio") == 0; });
    }
    std::string there(const std::string& path) {
        const std::lock_guard<std::mutex> lock(agency.mutex);
        std::string whole;
        for (const auto& [number, bytes] : agency.chunks[path]) whole += bytes;
        return agency.files.count(path) > 0 ? whole : "not listed";
    }
    std::vector<std::string> asked_of(const std::string& path) {
        const std::lock_guard<std::mutex> lock(agency.mutex);
        std::vector<std::string> out;
        for (const auto& one : agency.asked) {
            if (one.find(" " + path) == std::string::npos) continue;
            out.push_back(one.substr(0, one.find(' ')) + one.substr(one.find(path) + path.size()));
        }
        return out;
    }
    using Words = std::vector<std::string>;

    Agency agency;
    std::map<std::string, std::string> sound;      // by path; guarded by the agency's mutex, as what follows
    std::map<std::string, base::Error> unreadable;
    std::int64_t largest_read = 0;
    std::atomic<bool> paused{false};
    std::optional<std::int64_t> share;
    std::unique_ptr<sync::Worker> worker;
};

TEST_F(AudioTest, GoesInPiecesAndIsListedWhenItIsWhole) {
    open();
    write(opened(1));
    record(1, "a.wav", 9 * k_chunk + 10);
    start();
    ASSERT_TRUE(all_heard());
    EXPECT_EQ(asked_of("a.wav"), (Words{"look", "chunks 0", "chunks 8", "finish"}));
    EXPECT_EQ(there("a.wav"), sound["a.wav"]);
    EXPECT_EQ(agency.files["a.wav"], static_cast<std::int64_t>(9 * k_chunk + 10));
    EXPECT_LE(largest_read, sync::k_audio_chunk_bytes * sync::k_audio_chunks_most) << "memory does not grow with recordings";
    ASSERT_TRUE(eventually([&] { return worker->status().audio.delivered == 1 && worker->status().has_all_audio(); }));
    EXPECT_EQ(worker->status().audio.state, sync::State::good);
}

TEST_F(AudioTest, IsOffByDefaultAndThenNothingWaitsForIt) {
    open();
    write(opened(1));
    record(1, "a.wav", 100);
    start(false);
    ASSERT_TRUE(eventually([&] { return worker->status().has_all(ChangeClass::recording); }));
    EXPECT_TRUE(worker->status().has_all_audio());
    EXPECT_EQ(worker->status().rows_waiting, 0);
    EXPECT_EQ(worker->status().audio.state, sync::State::off);
    EXPECT_EQ(asked_of("a.wav"), Words());
}

TEST_F(AudioTest, GoesBehindEverythingThatWaits) {
    open();
    write(opened(1));
    record(1, "a.wav", 20 * k_chunk);
    // While its first piece is being sent somebody proposes to send help.
    agency.on_ask = [&, first = true](const std::string& what) mutable {
        if (what != "chunks a.wav 0" || !std::exchange(first, false)) return;
        journal->append(dispatch(1));
    };
    start();
    ASSERT_TRUE(all_heard());
    const std::lock_guard<std::mutex> lock(agency.mutex);
    const auto& asked = agency.asked;
    const auto at = [&](const std::string& what) { return std::find(asked.begin(), asked.end(), what) - asked.begin(); };
    EXPECT_LT(at("recording"), at("look a.wav"));
    EXPECT_EQ(at("dispatch"), at("chunks a.wav 0") + 1) << "one write is all that it waited for";
    EXPECT_LT(at("dispatch"), at("chunks a.wav 8"));
}

TEST_F(AudioTest, TakesOnANarrowLineWhatALineGivesItAndKeepsNothingElseWaitingForThat) {
    open();
    write(opened(1));
    record(1, "a.wav", 2 * k_chunk);
    share = sync::k_audio_chunk_bytes / 1'000;  // the second chunk is a thousand seconds away
    start();
    ASSERT_TRUE(eventually([&] { return asked_of("a.wav").size() == 2; }));
    write(said(1, "help"));
    ASSERT_TRUE(eventually([&] {
        const std::lock_guard<std::mutex> lock(agency.mutex);
        return std::count(agency.asked.begin(), agency.asked.end(), "transcript") == 1;
    }));
    EXPECT_EQ(asked_of("a.wav"), (Words{"look", "chunks 0"}));
    EXPECT_EQ(agency.chunks["a.wav"].size(), 1u);
    EXPECT_FALSE(worker->status().has_all_audio());
}

TEST_F(AudioTest, GoesOnAfterARestartWhereItWas) {
    open();
    write(opened(1));
    record(1, "a.wav", 20 * k_chunk);
    // Of a write that was cut off the tenth chunk is there and the ninth is not.
    for (std::int64_t n = 0; n < 8; ++n) agency.chunks["a.wav"][n] = sound["a.wav"].substr(static_cast<std::size_t>(n) * k_chunk, k_chunk);
    agency.chunks["a.wav"][9] = sound["a.wav"].substr(9 * k_chunk, k_chunk);
    start();
    ASSERT_TRUE(all_heard());
    EXPECT_EQ(asked_of("a.wav"), (Words{"look", "chunks 2", "chunks 10", "chunks 18", "finish"}));
    EXPECT_EQ(there("a.wav"), sound["a.wav"]);
}

TEST_F(AudioTest, IsNotReadAgainWhereItIsAlready) {
    open();
    write(opened(1));
    record(1, "a.wav", 100);
    agency.files["a.wav"] = 100;
    start();
    ASSERT_TRUE(all_heard());
    EXPECT_EQ(asked_of("a.wav"), Words{"look"});
    EXPECT_EQ(largest_read, 0);
}

TEST_F(AudioTest, IsSentAgainUntilItIsTakenAndRowsAreToldMeanwhile) {
    open();
    write(opened(1));
    record(1, "a.wav", 9 * k_chunk);
    std::atomic<bool> down{true};
    const auto answer = [&](const std::string& what) {
        return down && what != "look a.wav" ? not_now(Outcome::State::again, "server") : Outcome();
    };
    for (int i = 0; i < 100'000; ++i) agency.answers.push_back(answer);
    start();
    ASSERT_TRUE(eventually([&] { return worker->status().audio.why == "server"; }));
    EXPECT_EQ(worker->status().audio.state, sync::State::behind);
    EXPECT_EQ(worker->status().state, sync::State::good) << "what becomes of sound says nothing of rows";
    write(said(1, "help"));
    ASSERT_TRUE(eventually([&] { return worker->status().has_all(ChangeClass::transcript) && waiting("mongodb") == 0; }));
    EXPECT_EQ(waiting("mongodb.audio"), 1);
    down = false;
    ASSERT_TRUE(all_heard());
    EXPECT_EQ(there("a.wav"), sound["a.wav"]);
    ASSERT_TRUE(eventually([&] { return worker->status().audio.state == sync::State::good; }));
}

TEST_F(AudioTest, IsPassedOverWhenItWasPurged) {
    open();
    write(opened(1));
    record(1, "gone.wav", 100);
    record(1, "a.wav", 100);
    unreadable.emplace("gone.wav", base::make_error(base::Condition::reject, "purged"));
    start();
    ASSERT_TRUE(all_heard());
    EXPECT_EQ(there("gone.wav"), "not listed");
    EXPECT_EQ(there("a.wav"), sound["a.wav"]);
    ASSERT_TRUE(eventually([&] { return worker->status().audio.purged == 1; }));
    EXPECT_TRUE(call(1)->dead_letters.empty()) << "a purge is no error";
}

// Each sort of trouble with one: what is behind it goes, and a person can have it sent again.
TEST_F(AudioTest, WhatCannotBeReadOrWillNotBeTakenIsPutAsideAndNothingWaitsBehindIt) {
    open();
    write(opened(1));
    record(1, "missing.wav", 100);
    record(1, "damaged.wav", 100);
    record(1, "later.wav", 100);
    record(1, "changed.wav", 100);
    record(1, "a.wav", 100);
    unreadable.emplace("missing.wav", base::make_error(base::Condition::reject, "missing"));
    unreadable.emplace("damaged.wav", base::make_error(base::Condition::reject, "unreadable", "damaged block 7"));
    unreadable.emplace("later.wav", base::make_error(base::Condition::retry, "unreadable", "read"));
    sound["changed.wav"][50] ^= 1;
    start();
    ASSERT_TRUE(all_heard());
    EXPECT_EQ(there("a.wav"), sound["a.wav"]);
    EXPECT_EQ(there("changed.wav"), "not listed");
    EXPECT_TRUE(agency.chunks["changed.wav"].empty()) << "nothing of what is not what was recorded";
    ASSERT_TRUE(eventually([&] { return call(1)->dead_letters.size() == 4; }));
    std::map<std::string, std::pair<std::int64_t, std::string>> letters;
    const auto detail = call(1);
    for (const auto& letter : detail->dead_letters) {
        EXPECT_EQ(letter.target, "mongodb.audio");
        letters[letter.key] = {letter.attempts, letter.reason};
    }
    using Letter = std::pair<std::int64_t, std::string>;
    EXPECT_EQ(letters["recording/missing.wav:audio"], (Letter{3, "the recording cannot be read: missing"}));
    EXPECT_EQ(letters["recording/damaged.wav:audio"], (Letter{1, "the recording cannot be read: unreadable, damaged block 7"}));
    EXPECT_EQ(letters["recording/later.wav:audio"], (Letter{12, "the recording cannot be read: unreadable, read"}));
    EXPECT_EQ(letters["recording/changed.wav:audio"], (Letter{1, "the recording is not what was recorded: its SHA-256 differs"}));
    ASSERT_TRUE(eventually([&] { return worker->status().audio.refused == 4; }));
    // The file is back, and a person says so.
    {
        const std::lock_guard<std::mutex> lock(agency.mutex);
        unreadable.erase("missing.wav");
    }
    write(store::Outbox{sid(1), k_now_utc_ms, 0, "mongodb.audio", "recording/missing.wav:audio", "retried", 0, store::Text()});
    ASSERT_TRUE(eventually([&] { return there("missing.wav") == sound["missing.wav"]; }));
}

TEST_F(AudioTest, PutsAsideWhatTheServerRefusesForGood) {
    open();
    write(opened(1));
    record(1, "bad.wav", 100);
    record(1, "odd.wav", 100);
    record(1, "a.wav", 100);
    const auto answer = [](const std::string& what) {
        if (what.find("chunks bad.wav") == 0) return refusal(true);
        return what.find("chunks odd.wav") == 0 ? refusal(false) : Outcome();
    };
    for (int i = 0; i < 100; ++i) agency.answers.push_back(answer);
    start();
    ASSERT_TRUE(all_heard());
    EXPECT_EQ(there("a.wav"), sound["a.wav"]);
    ASSERT_TRUE(eventually([&] { return call(1)->dead_letters.size() == 2; }));
    const auto odd = asked_of("odd.wav");
    EXPECT_EQ(std::count(odd.begin(), odd.end(), "chunks 0"), 5) << "it might have been the server's mood";
}

TEST_F(AudioTest, IsForPeopleWhenTheServerDoesNotAllowIt) {
    open();
    write(opened(1));
    record(1, "a.wav", 100);
    for (int i = 0; i < 100'000; ++i) {
        agency.answers.push_back([](const auto&) { return not_now(Outcome::State::not_allowed, "not_allowed"); });
    }
    start();
    ASSERT_TRUE(eventually([&] { return worker->status().audio.state == sync::State::not_allowed; }));
    EXPECT_EQ(worker->status().state, sync::State::good);
    EXPECT_EQ(worker->status().audio.why, "not_allowed");
}

TEST_F(AudioTest, P17_AStopDoesNotWaitForIt) {
    open();
    write(opened(1));
    paused = true;
    record(1, "a.wav", 100);
    start();
    ASSERT_TRUE(eventually([&] { return worker->status().rows_waiting > 0; }));
    worker->flush();
    ASSERT_TRUE(eventually([&] { return !worker->flushing(); }));
    EXPECT_EQ(waiting("mongodb"), 0);
    EXPECT_EQ(asked_of("a.wav"), Words());
    EXPECT_EQ(waiting("mongodb.audio"), 1);
}

TEST_F(AudioTest, IsNoTroubleWhenItsCallWasPurgedMeanwhile) {
    open();
    write(opened(1));
    record(1, "a.wav", 100);
    write(ended(1));
    unreadable.emplace("a.wav", base::make_error(base::Condition::reject, "unreadable", "no_such_file"));
    agency.on_ask = [&](const std::string& what) {
        if (what != "look a.wav") return;
        journal->append(store::Purge{sid(1), k_now_utc_ms, false, "admin", "asked for"});
    };
    start();
    ASSERT_TRUE(all_heard());
    EXPECT_FALSE(call(1)) << "a dead letter would have brought the call back";
    EXPECT_EQ(worker->status().audio.refused, 0);
}

TEST_F(AudioTest, IsNotListedWhenItWasPurgedWhileItWasBeingSent) {
    open();
    write(opened(1));
    record(1, "a.wav", 9 * k_chunk);
    write(ended(1));
    agency.on_ask = [&](const std::string& what) {
        if (what != "chunks a.wav 8") return;
        journal->append(store::Purge{sid(1), k_now_utc_ms, false, "admin", "asked for"});
    };
    start();
    ASSERT_TRUE(all_heard());
    EXPECT_EQ(there("a.wav"), "not listed");
}

}  // namespace
}  // namespace holdfast::test
