// A folder of its own for each journal, acknowledgements that can be waited for, and rows to write.
#pragma once

#include "store/sqlite_journal.hpp"
#include "support/fault_vfs.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iomanip>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

namespace holdfast::test {

using namespace std::chrono_literals;

// One deadline for everything a test waits for: far beyond what a loaded machine needs.
constexpr auto k_deadline = 60s;

// Collects acknowledgements, which arrive on the journal's threads, maybe after a failed test has gone.
class AckBox {
  public:
    using Row = std::pair<std::size_t, store::Committed>;

    store::Ack next(std::size_t row = 0) {
        return [state = state_, row](const store::Committed& committed) {
            {
                const std::lock_guard<std::mutex> lock(state->mutex);
                state->acks.emplace_back(row, committed);
            }
            state->arrived.notify_all();
        };
    }
    // False: they did not come.
    bool wait(std::size_t count) {
        std::unique_lock<std::mutex> lock(state_->mutex);
        return state_->arrived.wait_for(lock, k_deadline, [&] { return state_->acks.size() >= count; });
    }
    std::vector<Row> all() const {
        const std::lock_guard<std::mutex> lock(state_->mutex);
        return state_->acks;
    }
    std::size_t count() const { return all().size(); }
    store::Committed last() const { return all().back().second; }

  private:
    struct State {
        std::mutex mutex;
        std::condition_variable arrived;
        std::vector<Row> acks;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

// Asks again until it holds or the deadline passes; for states that no callback announces.
inline bool eventually(const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + k_deadline;
    std::mutex mutex;
    std::condition_variable nobody_calls;
    std::unique_lock<std::mutex> lock(mutex);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > until) return false;
        nobody_calls.wait_for(lock, 1ms);  // leaves the processor to the salvage thread, which is modest
    }
    return true;
}

inline base::CallSid sid(unsigned number) {
    std::ostringstream text;
    text << "CA" << std::hex << std::setw(32) << std::setfill('0') << number;
    return *base::CallSid::parse(text.str());
}

constexpr std::int64_t k_now_utc_ms = 1'790'000'000'000;

inline store::CallOpened opened(unsigned call, std::int64_t utc_ms = k_now_utc_ms) {
    store::CallOpened row;
    row.call = sid(call);
    row.utc_ms = utc_ms;
    row.account_sid = "AC00000000000000000000000000000001";
    row.from = store::Text("+15550100123");
    row.to = store::Text("+15550100199");
    row.direction = "inbound";
    row.attestation = "TN-Validation-Passed-A";
    row.status = "ringing";
    row.rung = "openai";
    row.decision = "admitted";
    return row;
}

inline store::CallChanged changed(unsigned call, const std::string& status, std::int64_t offset_ms = 200) {
    store::CallChanged row;
    row.call = sid(call);
    row.utc_ms = k_now_utc_ms + offset_ms;
    row.offset_ms = offset_ms;
    row.status = status;
    row.stream_sid = "MZ00000000000000000000000000000001";
    return row;
}

inline store::CallEnded ended(unsigned call, std::int64_t offset_ms = 60'000) {
    return {sid(call), k_now_utc_ms + offset_ms, offset_ms, "stop"};
}

inline store::Utterance said(unsigned call, const std::string& text, std::int64_t start_ms = 1000) {
    store::Utterance row;
    row.call = sid(call);
    row.utc_ms = k_now_utc_ms + start_ms + 900;
    row.text = store::Text(text);
    row.start_ms = start_ms;
    row.end_ms = start_ms + 900;
    row.provider = "openai";
    row.item_id = "item_" + text;
    return row;
}

inline store::Seam seam(unsigned call, const std::string& kind) {
    return {sid(call), k_now_utc_ms + 5000, 5000, kind, "openai", "person", "test"};
}

inline store::Recording recorded(unsigned call, const std::string& path = "x.wav") {
    return {sid(call), k_now_utc_ms + 200, 200, path, std::string(64, 'a'), 59'800, 40, "both", "live"};
}

inline store::Fact fact(unsigned call) {
    return {sid(call), k_now_utc_ms + 900, 400, "place", "caller", store::Text("12 34 Oak Street"),
            store::Text("1234 OAK ST"), "address", true, false, 90, "item_1", 11, 27};
}

inline store::Incident incident(unsigned call, std::int64_t rev = 1) {
    return {sid(call), k_now_utc_ms + 900, 900, rev, "FSTRU", "TRAUMA SICK", 1, store::Text("1234 OAK ST"), "address",
            true, true, 2};
}

inline store::Dispatch dispatch(unsigned call) {
    return {sid(call), k_now_utc_ms + 900, 900, 1, "proposed", "place_and_type", "FSTRU", 1, store::Text("1234 OAK ST"),
            true, "daemon", "why"};
}

inline store::Outbox outbox(unsigned call, const std::string& key = "key_1", const std::string& step = "queued") {
    return {sid(call), k_now_utc_ms + 900, 900, "cad", key, step, step == "queued" ? 0 : 2,
            store::Text(step == "queued" ? R"({"place":"1234 OAK ST"})" : "")};
}

inline store::DeadLetter dead_letter(unsigned call, const std::string& key = "key_2") {
    return {sid(call), k_now_utc_ms + 950, 950, "cad", key, 3, "http_422", store::Text("{}")};
}

inline store::Audit audit(const std::string& action, std::optional<base::CallSid> call = std::nullopt) {
    return {k_now_utc_ms, "twilio", action, "route=voice", std::move(call)};
}

inline std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

inline void overwrite(const std::string& path, std::streamoff at, const std::string& bytes) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(at);
    file << bytes;
}

// Names of files that contain `part`, without what comes and goes beside a database: its log, and the copy
// that salvage repairs.
inline std::vector<std::string> files_like(const std::string& folder, const std::string& part) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const auto name = entry.path().filename().string();
        const auto ends_in = [&](const std::string& end) {
            return name.size() > end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
        };
        if (ends_in("-wal") || (ends_in(".repaired") && part != ".repaired")) continue;
        if (name.find(part) != std::string::npos) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

// One value out of a database that nobody has open.
std::string sql(const std::string& path, const std::string& statement);

class JournalTest : public ::testing::Test {
  protected:
    static constexpr auto k_flush = 30s;

    JournalTest() {
        options.path = state / "holdfast.db";
        options.runtime_path = run.path();
        options.site_id = "site-1";
        options.first_open = k_deadline;
        options.reopen = 20ms;
        options.full_retry = 10ms;
        options.housekeeping = 10ms;
        options.commit_stall = k_deadline;  // tests of the emergency file shorten it
    }
    ~JournalTest() override { close(); }

    void open() {
        auto result = store::SqliteJournal::open(options);
        ASSERT_TRUE(result) << result.error().code;
        journal = std::move(*result);
    }
    void close() {
        if (journal) journal->stop(k_flush);
        journal.reset();
    }
    void reopen() {
        close();
        open();
    }
    // kill -9: what is on the disk at this moment is all that the next start finds. The journal of this
    // process cannot be killed, so the files are copied and the next start happens beside it.
    void die() {
        auto left = std::make_unique<TempFolder>();
        const auto from = std::filesystem::path(options.path).parent_path();
        for (const auto& entry : std::filesystem::directory_iterator(from)) {
            if (entry.path().extension() != ".lock") std::filesystem::copy(entry.path(), left->path());
        }
        const std::string emergency = options.runtime_path + "/journal.emergency";
        auto runtime = std::make_unique<TempFolder>();
        if (std::filesystem::exists(emergency)) std::filesystem::copy(emergency, runtime->path());
        journal->stop(0ms);  // of no interest any more, and its disk may be broken
        journal.reset();
        options.path = *left / "holdfast.db";
        options.runtime_path = runtime->path();
        lives_.push_back(std::move(left));
        lives_.push_back(std::move(runtime));
    }
    std::string folder() const { return std::filesystem::path(options.path).parent_path().string(); }
    std::string emergency_path() const { return options.runtime_path + "/journal.emergency"; }

    void write(store::Record record) {
        AckBox box;
        ASSERT_TRUE(journal->append(std::move(record), box.next()));
        ASSERT_TRUE(box.wait(1));
        ASSERT_TRUE(box.last().durable);
    }
    base::Result<store::CallDetail> call(unsigned number) {
        return ask<store::CallDetail>([&](auto done) { journal->read_call(sid(number), done); });
    }
    std::vector<store::CallRow> calls(const store::ReadCalls& query = {}) {
        auto list = ask<store::CallList>([&](auto done) { journal->read_calls(query, done); });
        EXPECT_TRUE(list);
        return list ? list->calls : std::vector<store::CallRow>();
    }
    std::vector<std::string> texts(unsigned number) {
        std::vector<std::string> out;
        const auto detail = call(number);
        if (!detail) return out;
        for (const auto& row : detail->utterances) out.push_back(row.utterance.text.reveal());
        return out;
    }

    template <class Rows>
    base::Result<Rows> ask(const std::function<void(std::function<void(base::Result<Rows>)>)>& question) {
        auto promise = std::make_shared<std::promise<base::Result<Rows>>>();
        auto answer = promise->get_future();
        question([promise](base::Result<Rows> rows) { promise->set_value(std::move(rows)); });
        if (answer.wait_for(k_deadline) != std::future_status::ready) {
            ADD_FAILURE() << "no answer";
            return base::make_error(base::Condition::retry, "test_timeout");
        }
        return answer.get();
    }

    FaultVfs disk;  // used when options.vfs names it
    TempFolder state;
    TempFolder run;
    std::vector<std::unique_ptr<TempFolder>> lives_;
    store::SqliteJournalOptions options;
    std::unique_ptr<store::SqliteJournal> journal;
};

}  // namespace holdfast::test
