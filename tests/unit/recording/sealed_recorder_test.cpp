// The recorder and the keys of calls: what it does while there is none.
#include "unit/recording/recording_world.hpp"

#include "metrics/catalog.hpp"
#include "recording/retention.hpp"

#include <thread>

namespace holdfast::test {
namespace {

constexpr std::int64_t k_day_ms = 24ll * 3600 * 1000;

class SealedRecorder : public RecordingTest {
  protected:
    SealedRecorder() {
        sealed = true;
        options.keys = [this](const base::CallSid& call) {
            EXPECT_EQ(call, k_call);
            const std::lock_guard<std::mutex> lock(mutex);
            ++asked;
            return key;
        };
        options.repair_again = 1ms;
    }
    void give(FileKey now_it_is) {
        const std::lock_guard<std::mutex> lock(mutex);
        key = std::move(now_it_is);
    }
    static bool reached(const std::function<bool()>& there) {
        const auto until = std::chrono::steady_clock::now() + k_deadline;
        while (!there() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
        return there();
    }
    void speak(Recording& call, char byte, int from_frame, int frames) {
        for (int i = from_frame; i < from_frame + frames; ++i) call.caller(frame(byte), 20 * i);
        now += std::chrono::milliseconds(20 * frames);
    }

    std::mutex mutex;
    FileKey key = k_file_key;
    std::atomic<int> asked{0};
    const FileKey k_unavailable{FileKey::Kind::unavailable, {}, {}};
};

TEST_F(SealedRecorder, RowAndFileAreOfTheSealedName) {
    open();
    auto call = start();
    speak(*call, 'c', 0, 100);
    call->finish();
    close();
    EXPECT_EQ(files_in(folder.path()), std::vector<std::string>{k_call.str() + ".g1.1.wav.sealed"});
    const auto rows = journal.rows<store::Recording>();
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].path, name_of());
    EXPECT_EQ(rows[0].duration_ms, 2000);
    EXPECT_EQ(legs_of(path_of()).caller, sound('c', 2000));
}

TEST_F(SealedRecorder, AKeyThatComesLateCostsTheTimeWithoutIt) {
    give(k_unavailable);
    const auto errors = metrics::recording_error_total.value("key");
    open();
    auto call = start();
    ASSERT_TRUE(reached([&] { return asked > 0; }));
    EXPECT_EQ(metrics::recording_error_total.value("key"), errors) << "the call has only begun";
    speak(*call, 'a', 0, 50);
    ASSERT_TRUE(reached([&] { return metrics::recording_error_total.value("key") > errors; }));
    EXPECT_TRUE(files_in(folder.path()).empty()) << "least of all in the clear";
    give(k_file_key);
    speak(*call, 'b', 50, 50);
    call->finish();
    close();
    EXPECT_EQ(files_in(folder.path()), std::vector<std::string>{name_of()});
    EXPECT_EQ(legs_of(path_of()).caller, quiet(1000) + sound('b', 1000));
    EXPECT_EQ(journal.rows<store::Recording>().at(0).lost_ms, 1000);
}

TEST_F(SealedRecorder, ACallWhoseKeyNeverComesIsNotRecordedAndThatIsWrittenDown) {
    give(k_unavailable);
    const auto failed = metrics::recordings_total.value("failed");
    open();
    auto call = start();
    speak(*call, 'a', 0, 100);
    call->finish();
    close();
    EXPECT_TRUE(files_in(folder.path()).empty());
    EXPECT_EQ(metrics::recordings_total.value("failed"), failed + 1);
    const auto audit = journal.rows<store::Audit>();
    ASSERT_EQ(audit.size(), 1u);
    EXPECT_EQ(audit[0].action, "recording_failed");
    EXPECT_EQ(audit[0].detail, "step=key");
}

TEST_F(SealedRecorder, APartWaitsForItsKeyAndIsRepairedThen) {
    {
        Disk disk;
        auto file = File::create(disk, folder.path(), Identity{k_call, "g1", 1, k_utc_ms, 250, "canned"}, k_file_key);
        ASSERT_TRUE(file);
        ASSERT_TRUE((*file)->write(Leg::caller, 0, sound('c', 500)));
    }
    const auto before = bytes_of(path_of() + ".part");
    give(k_unavailable);
    open();
    ASSERT_TRUE(reached([&] { return asked > 1; })) << "asked again";
    give(key_like('w'));
    const int asked_before = asked;
    ASSERT_TRUE(reached([&] { return asked > asked_before + 1; }));
    EXPECT_TRUE(bytes_of(path_of() + ".part") == before);
    give(k_file_key);
    ASSERT_TRUE(reached([&] { return std::filesystem::exists(path_of()); }));
    close();
    EXPECT_EQ(legs_of(path_of()).caller, sound('c', 500));
    const auto rows = journal.rows<store::Recording>();
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].retention_class, "canned");
    EXPECT_EQ(rows[0].path, name_of());
}

TEST_F(SealedRecorder, APartOfAnotherKeyDoesNotKeepTheOthersFromTheirRepair) {
    Disk disk;
    for (int number = 1; number <= 30; ++number) {
        const auto with = number % 3 == 1 ? key_like('w') : k_file_key;
        ASSERT_TRUE(File::create(disk, folder.path(), Identity{k_call, "g1", 1, k_utc_ms, 0, "live"}, with));
    }
    open();
    ASSERT_TRUE(reached([&] { return journal.rows<store::Recording>().size() >= 20; }));
    close();
    EXPECT_EQ(journal.rows<store::Recording>().size(), 20u);
    const auto files = files_in(folder.path());
    EXPECT_EQ(std::count_if(files.begin(), files.end(), [](const auto& n) { return n.find(".part") != std::string::npos; }), 10);
}

TEST_F(SealedRecorder, OnesThatWaitForTheirKeyDoNotHoldUpTheStop) {
    {
        Disk disk;
        ASSERT_TRUE(File::create(disk, folder.path(), Identity{k_call, "g1", 1, k_utc_ms, 0, "live"}, k_file_key));
    }
    give(k_unavailable);
    open();
    ASSERT_TRUE(reached([&] { return asked > 0; }));
    close();
    EXPECT_EQ(files_in(folder.path()), std::vector<std::string>{name_of() + ".part"});
}

TEST_F(SealedRecorder, RetentionNeedsNoKey) {
    Disk disk;
    for (const auto& [age_days, retention_class] : {std::pair{31, "live"}, std::pair{29, "live"}, std::pair{31, "canned"}}) {
        const Identity identity{k_call, "g1", 1, k_utc_ms - age_days * k_day_ms, 0, retention_class};
        auto file = File::create(disk, folder.path(), identity, k_file_key);
        ASSERT_TRUE(file);
        ASSERT_TRUE((*file)->finish(8'000, 0));
        ASSERT_TRUE(File::publish(disk, folder.path(), (*file)->name()));
    }
    Retention retention{folder.path(), RetentionDays{30, {{"canned", 90}}}, journal};
    const auto may_go = [](const base::CallSid&, const std::string&) { return true; };
    base::TimePoint mono{1000s};
    EXPECT_EQ(retention.purge(may_go, k_utc_ms, mono), 0u) << "the first look only notes the time";
    EXPECT_EQ(retention.purge(may_go, k_utc_ms, mono), 1u);
    EXPECT_FALSE(std::filesystem::exists(path_of(1)));
    EXPECT_TRUE(std::filesystem::exists(path_of(2)));
    EXPECT_TRUE(std::filesystem::exists(path_of(3)));
    EXPECT_EQ(journal.rows<store::Audit>().at(0).detail, "path=" + name_of(1));
}

}  // namespace
}  // namespace holdfast::test
