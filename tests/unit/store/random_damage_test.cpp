// Whatever is done to one of its files: the box takes calls at once, and what was lost stands in its status.
#include "unit/store/journal_world.hpp"

#include "store/check.hpp"

#include <chrono>
#include <random>
#include <set>

namespace holdfast::test {
namespace {

constexpr unsigned k_calls = 6;
constexpr unsigned k_words = 40;
// HOLDFAST_DAMAGES: how many trials; the issue asks for 1,000.
unsigned trials() {
    const char* text = std::getenv("HOLDFAST_DAMAGES");
    return text == nullptr ? 100 : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

class RandomDamage : public JournalTest {
  protected:
    // Everything that people can ask for, a line each.
    std::multiset<std::string> everything() {
        std::multiset<std::string> lines;
        for (unsigned number = 1; number <= k_calls; ++number) {
            const auto detail = call(number);
            if (!detail) continue;
            const auto& c = detail->call;
            std::ostringstream head;
            head << "call " << number << ' ' << c.started_utc_ms << ' ' << c.ended_utc_ms.value_or(0) << ' ' << c.status << ' ' << c.rung
                 << ' ' << c.end_reason << ' ' << c.from.reveal() << ' ' << c.to.reveal() << ' ' << c.generation << ' ' << c.stream_sid;
            lines.insert(head.str());
            for (const auto& row : detail->utterances) add(lines, number, row.seq, "said", row.utterance.text.reveal() + row.utterance.item_id);
            for (const auto& row : detail->seams) add(lines, number, row.seq, "seam", row.seam.kind);
            for (const auto& row : detail->facts) add(lines, number, row.seq, "fact", row.fact.value.reveal() + row.fact.normal.reveal());
            for (const auto& row : detail->incidents) add(lines, number, row.seq, "incident", row.incident.place.reveal());
            for (const auto& row : detail->dispatches) add(lines, number, row.seq, "dispatch", row.dispatch.state + row.dispatch.place.reveal());
            for (const auto& row : detail->recordings) add(lines, number, row.seq, "recording", row.recording.path + row.recording.sha256);
        }
        const auto owed = ask<store::Owed>([&](auto done) { journal->read_owed("cad", done); });
        if (owed) {
            for (const auto& document : owed->documents) lines.insert("owed " + document.key + document.body.reveal());
        }
        return lines;
    }
    static void add(std::multiset<std::string>& lines, unsigned number, std::int64_t seq, const char* what, const std::string& value) {
        lines.insert(std::to_string(number) + ' ' + std::to_string(seq) + ' ' + what + ' ' + value);
    }
    // Killed with part of its rows in the log only.
    void fill() {
        open();
        AckBox box;
        std::size_t rows = 0;
        const auto put = [&](store::Record record) {
            ASSERT_TRUE(journal->append(std::move(record), box.next()));
            ++rows;
        };
        for (unsigned number = 1; number <= k_calls; ++number) {
            put(opened(number));
            put(changed(number, "streaming"));
            for (unsigned i = 0; i < k_words; ++i) put(said(number, "word " + std::to_string(i) + " of " + std::to_string(number), 10 * i));
            put(fact(number));
            put(incident(number));
            put(dispatch(number));
            put(outbox(number, "key_" + std::to_string(number)));
            put(seam(number, "gap"));
            put(recorded(number, "call" + std::to_string(number) + ".wav"));
            put(audit("view_call", sid(number)));
            put(ended(number));
            ASSERT_TRUE(box.wait(rows));
            if (number == k_calls - 2) reopen();  // a checkpoint: what follows is in the log
        }
        before_ = everything();
        die();
    }
    void damage(std::mt19937& random) {
        const auto up_to = [&](std::size_t most) { return std::uniform_int_distribution<std::size_t>(0, most)(random); };
        static const char* const k_files[] = {"", "-wal", ".watermark"};
        const std::string file = options.path + k_files[up_to(2)];
        auto bytes = read_file(file);
        ASSERT_GT(bytes.size(), 100u) << file << " has nothing to be damaged";
        const auto kind = up_to(9);
        what_ = file.substr(folder().size()) + " kind " + std::to_string(kind);
        if (kind == 0) {
            std::filesystem::remove(file);
            return;
        }
        if (kind == 1) bytes.resize(up_to(bytes.size()));
        const auto at = bytes.empty() ? 0 : up_to(bytes.size() - 1);
        if (kind == 2) bytes.replace(at, 4096, std::string(std::min<std::size_t>(4096, bytes.size() - at), '\0'));
        const auto count = kind == 3 ? 1 : up_to(kind < 7 ? 8 : 512);
        for (std::size_t i = 0; kind > 2 && i < count && at + i < bytes.size(); ++i) bytes[at + i] ^= static_cast<char>(1 + up_to(254));
        write_file(file, bytes);
        what_ += " at " + std::to_string(at) + " count " + std::to_string(count);
    }
    std::multiset<std::string> before_;
    std::string what_;
};

TEST_F(RandomDamage, D07_D08_D09_D10_D11_D12_NoLossIsSilent) {
    std::random_device seed;
    const char* wanted = std::getenv("HOLDFAST_DAMAGE_SEED");
    const auto first = wanted == nullptr ? seed() : static_cast<unsigned>(std::strtoul(wanted, nullptr, 10));
    fill();
    const auto template_path = folder();
    const auto template_state = options;
    unsigned with_loss = 0, told = 0;
    double slowest_start = 0, slowest_telling = 0;
    std::string slowest;
    for (unsigned trial = 0; trial < trials(); ++trial) {
        std::mt19937 random(first + trial);
        TempFolder place, runtime;
        std::filesystem::copy(template_path, place.path(), std::filesystem::copy_options::recursive);
        options.path = place / "holdfast.db";
        options.runtime_path = runtime.path();
        damage(random);
        SCOPED_TRACE("seed " + std::to_string(first + trial) + ": " + what_);
        const auto started = std::chrono::steady_clock::now();
        const auto since = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count(); };
        open();
        write(opened(k_calls + 1));
        slowest_start = std::max(slowest_start, since());
        EXPECT_LT(since(), 2) << "a caller waited";
        const bool known = eventually([&] {
            const auto status = journal->status();
            return status.reason.empty() && status.verified_utc_ms;
        });
        ASSERT_TRUE(known) << journal->status().reason;
        const auto status = journal->status();
        if (since() > slowest_telling) {
            slowest_telling = since();
            slowest = what_;
        }
        std::size_t missing = 0;
        const auto now = everything();
        for (const auto& line : before_) missing += now.count(line) < before_.count(line) ? 1 : 0;
        for (const auto& line : now) missing += before_.count(line) == 0 ? 1 : 0;
        with_loss += missing > 0 ? 1 : 0;
        told += status.losses > 0 ? 1 : 0;
        EXPECT_TRUE(missing == 0 || status.losses > 0) << missing << " lines are not as they were, and nothing says so";
        close();
        const auto report = store::check_file(options.path);
        ASSERT_TRUE(report) << report.error().detail;
        if (status.losses == 0) {
            EXPECT_TRUE(report->good()) << report->findings.at(0).check << report->findings.at(0).detail;
        }
    }
    RecordProperty("trials_with_loss", static_cast<int>(with_loss));
    RecordProperty("slowest_start_ms", static_cast<int>(1000 * slowest_start));
    std::printf("seed %u: %u trials, %u with a loss, %u told, slowest start %.3f s, slowest telling %.3f s (%s)\n", first, trials(), with_loss,
                told, slowest_start, slowest_telling, slowest.c_str());
    EXPECT_GE(told, with_loss);
    EXPECT_GT(with_loss, 0u) << "nothing was ever damaged";
    options = template_state;
}

}  // namespace
}  // namespace holdfast::test
