// What another database is to be told: noted with the row, read class by class, forgotten only when it is there.
#include "unit/store/journal_world.hpp"

#include "store/check.hpp"
#include "store/emergency_file.hpp"
#include "store/schema.hpp"

namespace holdfast::test {
namespace {

using store::ChangeClass;

class ChangeNotes : public JournalTest {
  protected:
    store::Changes changes(ChangeClass change_class, std::int64_t limit = 100, std::int64_t bytes = 1'000'000,
                           const std::string& sink = "mongodb") {
        auto got = ask<store::Changes>([&](auto done) { journal->read_changes({sink, change_class, limit, bytes}, done); });
        EXPECT_TRUE(got);
        return got ? std::move(*got) : store::Changes();
    }
    std::string words(const store::Changes& changes) {
        std::string text;
        for (const auto& row : changes.rows) text += std::get<store::Utterance>(row.what).text.reveal() + " ";
        return text;
    }
    std::string backlog(const std::string& sink = "mongodb") {
        auto got = ask<std::vector<store::ClassBacklog>>([&](auto done) { journal->read_backlog(sink, done); });
        std::string text;
        for (const auto& one : *got) text += std::to_string(one.waiting) + " ";
        return text;
    }
    void delivered(ChangeClass change_class, std::int64_t number, const std::string& sink = "mongodb") {
        write(store::Delivered{sink, change_class, number});
    }
};

TEST_F(ChangeNotes, AreMadeOfEveryRow) {
    open();
    write(opened(1));
    EXPECT_EQ(backlog(), "0 0 1 0 0 1 ") << "the call, and the note of the start";
    write(said(1, "help"));
    write(recorded(1));
    write(audit("admin"));
    EXPECT_EQ(backlog(), "0 0 1 1 1 2 ");
    write(fact(1));
    write(incident(1, 1));
    write(dispatch(1));
    write(seam(1, "voice_lost"));
    write(ended(1));
    EXPECT_EQ(backlog(), "1 2 5 1 1 2 ") << "incident, dispatch, seam and end stand in the call's document too";
    EXPECT_EQ(backlog("another"), backlog()) << "each sink has its own";
}

TEST_F(ChangeNotes, GiveTheNewestStateOfACallOnce) {
    open();
    write(opened(1));
    write(opened(2));
    write(changed(1, "streaming"));
    write(incident(1, 1));
    write(incident(1, 2));
    write(dispatch(1));
    auto approved = dispatch(1);
    approved.state = "approved";
    write(approved);
    write(ended(1));
    const auto calls = changes(ChangeClass::call);
    ASSERT_EQ(calls.rows.size(), 2u);
    EXPECT_EQ(calls.rows[0].number, 2) << "the second call changed once, before";
    const auto& told = std::get<store::CallState>(calls.rows[1].what);
    EXPECT_EQ(calls.rows[1].number, calls.next);
    EXPECT_EQ(calls.rows[1].generation, calls.generation);
    EXPECT_EQ(told.call.call, sid(1));
    EXPECT_EQ(told.call.status, "ended");
    EXPECT_EQ(told.incident->incident.rev, 2);
    ASSERT_EQ(told.dispatches.size(), 1u);
    EXPECT_EQ(told.dispatches[0].dispatch.state, "approved");
    const auto incidents = changes(ChangeClass::incident);
    ASSERT_EQ(incidents.rows.size(), 1u);
    EXPECT_EQ(std::get<store::IncidentState>(incidents.rows[0].what).incident.incident.rev, 2);
    const auto dispatches = changes(ChangeClass::dispatch);
    ASSERT_EQ(dispatches.rows.size(), 1u);
    EXPECT_EQ(std::get<store::DispatchState>(dispatches.rows[0].what).steps.size(), 2u);
    EXPECT_EQ(dispatches.rows[0].number, 2);
}

TEST_F(ChangeNotes, GoWhenTheSinkHasThemAndNotBefore) {
    open();
    write(opened(1));
    for (const char* word : {"one", "two", "three"}) write(said(1, word));
    auto first = changes(ChangeClass::transcript, 2);
    EXPECT_EQ(words(first), "one two ");
    EXPECT_EQ(first.waiting, 3);
    EXPECT_EQ(words(changes(ChangeClass::transcript, 2)), "one two ") << "nothing was delivered";
    delivered(ChangeClass::transcript, first.next);
    EXPECT_EQ(words(changes(ChangeClass::transcript)), "three ");
    delivered(ChangeClass::transcript, 1);
    EXPECT_EQ(words(changes(ChangeClass::transcript)), "three ") << "never backwards";
    reopen();
    EXPECT_EQ(words(changes(ChangeClass::transcript)), "three ");
    EXPECT_EQ(words(changes(ChangeClass::transcript, 100, 1'000'000, "another")), "one two three ");
    delivered(ChangeClass::transcript, 3);
    const auto none = changes(ChangeClass::transcript);
    EXPECT_TRUE(none.rows.empty());
    EXPECT_EQ(none.waiting, 0);
    EXPECT_EQ(none.next, 3);
    write(said(1, "four"));
    EXPECT_EQ(changes(ChangeClass::transcript).rows.at(0).number, 4);
}

TEST_F(ChangeNotes, AreReadInBitesOfBoundedSize) {
    open();
    write(opened(1));
    for (int i = 0; i < 4; ++i) write(said(1, std::string(1000, 'a' + static_cast<char>(i)), 1000 + i));
    const auto bite = changes(ChangeClass::transcript, 100, 2'500);
    EXPECT_EQ(bite.rows.size(), 2u);
    EXPECT_EQ(bite.next, 2);
    EXPECT_EQ(changes(ChangeClass::transcript, 100, 10).rows.size(), 1u) << "one always, or nothing would ever go";
}

TEST_F(ChangeNotes, OfRowsOutOfADamagedFileKeepTheirNames) {
    open();
    write(opened(1));
    write(said(1, "one"));
    write(incident(1, 1));
    const auto before = changes(ChangeClass::transcript).rows.at(0);
    delivered(ChangeClass::transcript, before.number);
    close();
    overwrite(options.path, 0, std::string(16, '\xa5'));
    open();
    ASSERT_TRUE(eventually([&] { return journal->status().health == store::StoreHealth::good; }));
    const auto again = changes(ChangeClass::transcript);
    ASSERT_EQ(words(again), "one ");
    EXPECT_EQ(again.rows[0].generation, before.generation) << "sent twice, there once";
    EXPECT_EQ(again.rows[0].seq, before.seq);
    EXPECT_NE(again.generation, before.generation);
    EXPECT_EQ(changes(ChangeClass::incident).rows.size(), 1u);
    EXPECT_EQ(changes(ChangeClass::call).rows.size(), 1u);
}

TEST_F(ChangeNotes, OfAFileFromBeforeThemAreMadeAtOnce) {
    {
        write_file(options.path, "");
        std::filesystem::permissions(options.path, std::filesystem::perms(0600));
        store::Database db(options.path, "", store::Database::Mode::owner);
        db.own();
        auto before = store::migrations();
        before.resize(4);
        store::migrate(db, before, 1);
        db.exec("INSERT INTO schema VALUES (1, 'old', 'site-1', 1, '0.1.0', 9, 7, 3, 1, '', 0)");
        db.exec(("INSERT INTO call (seq, base_call_seq, last_call_seq, call_sid, account_sid, from_number, to_number, direction, "
                 "attestation, status, rung, decision, stream_sid, end_reason, started_utc_ms, crc) VALUES (1, 0, 2, '" +
                 sid(1).str() + "', '', '', '', '', '', 'streaming', '', '', '', '', 5, 0)")
                    .c_str());
        db.exec(("INSERT INTO dead_letter VALUES (2, 1, 1, NULL, NULL, '" + sid(1).str() + "', 6, 6, 'cad', 'k', 3, 'http_422', '{}', 0)").c_str());
        db.exec(("INSERT INTO utterance (seq, call, call_seq, call_sid, utc_ms, speaker, text, start_ms, end_ms, provider, item_id, "
                 "failed, interrupted, crc) VALUES (3, 1, 2, '" +
                 sid(1).str() + "', 7, 'caller', 'old', 1, 2, '', 'i', 0, 0, 0)")
                    .c_str());
        for (const auto* table : {&store::k_call_table, &store::k_utterance_table, &store::k_dead_letter_table}) {
            db.exec((std::string("UPDATE ") + table->name + " SET crc = " + table->hash_sql(table->form_in(db))).c_str());
        }
        ASSERT_TRUE(db.ok()) << db.failure().text();
    }
    open();
    EXPECT_EQ(words(changes(ChangeClass::transcript)), "old ");
    EXPECT_EQ(changes(ChangeClass::transcript).rows[0].seq, 3);
    EXPECT_EQ(changes(ChangeClass::call).rows.size(), 1u);
    const auto detail = call(1);
    ASSERT_EQ(detail->dead_letters.size(), 1u);
    EXPECT_EQ(detail->dead_letters[0].key, "k");
}

TEST_F(ChangeNotes, OfWhatWaitedInTheEmergencyFileAreMadeLater) {
    std::string bytes = "HFEMRG1\n0123456789abcdef";
    store::append_emergency(bytes, 77, 1, opened(1));
    store::append_emergency(bytes, 77, 2, said(1, "one"));
    store::append_emergency(bytes, 77, 3, said(1, "two"));
    store::append_emergency(bytes, 77, 4, store::Delivered{"mongodb", ChangeClass::transcript, 1});
    write_file(emergency_path(), bytes);
    open();
    EXPECT_EQ(words(changes(ChangeClass::transcript)), "two ");
}

TEST_F(ChangeNotes, OfADeadLetterComeAgainWhenAPersonRetriesIt) {
    const auto open_letters = [this] {
        std::promise<base::Result<store::DeadLetters>> promise;
        journal->read_dead_letters({}, [&](base::Result<store::DeadLetters> got) { promise.set_value(std::move(got)); });
        return promise.get_future().get()->rows;
    };
    open();
    write(opened(1));
    write(said(1, "one"));
    write(said(1, "two"));
    auto letter = dead_letter(1, "transcript/x:1");
    letter.target = "mongodb";
    letter.change = 1;
    write(letter);
    delivered(ChangeClass::transcript, 2);
    EXPECT_EQ(words(changes(ChangeClass::transcript)), "");
    ASSERT_EQ(open_letters().size(), 1u);
    EXPECT_EQ(open_letters()[0].letter.change, 1);
    auto step = outbox(1, "transcript/x:1", "retried");
    step.target = "mongodb";
    write(step);
    EXPECT_EQ(words(changes(ChangeClass::transcript)), "one ");
    EXPECT_TRUE(open_letters().empty());
    letter.change = 3;
    write(letter);  // refused again
    ASSERT_EQ(open_letters().size(), 1u);
    step.step = "discarded";
    write(step);
    EXPECT_TRUE(open_letters().empty());
    delivered(ChangeClass::transcript, 3);
    EXPECT_EQ(words(changes(ChangeClass::transcript)), "");
}

TEST_F(ChangeNotes, ADeadLetterOfTheCadIsOwedAgainWhenAPersonRetriesIt) {
    open();
    write(opened(1));
    write(outbox(1, "k"));
    write(dead_letter(1, "k"));
    const auto owed = [this] {
        std::promise<base::Result<store::Owed>> promise;
        journal->read_owed("cad", [&](base::Result<store::Owed> got) { promise.set_value(std::move(got)); });
        return promise.get_future().get()->documents;
    };
    EXPECT_TRUE(owed().empty());
    auto step = outbox(1, "k", "retried");
    step.utc_ms = k_now_utc_ms + 90'000'000;
    write(step);
    ASSERT_EQ(owed().size(), 1u);
    EXPECT_EQ(owed()[0].utc_ms, step.utc_ms) << "its time to be given up counts from now";
    write(dead_letter(1, "k"));
    EXPECT_TRUE(owed().empty());
    write(step);
    write(outbox(1, "k", "delivered"));
    EXPECT_TRUE(owed().empty());
}

TEST_F(ChangeNotes, ADeadLetterOutOfTheEmergencyFileIsWhole) {
    auto letter = dead_letter(1, "transcript/x:1");
    letter.change = 7;
    std::string bytes = "HFEMRG1\n0123456789abcdef";
    store::append_emergency(bytes, 77, 1, opened(1));
    store::append_emergency(bytes, 77, 2, letter);
    write_file(emergency_path(), bytes);
    open();
    ASSERT_EQ(call(1)->dead_letters.size(), 1u);
    close();
    EXPECT_EQ(sql(options.path, "SELECT change FROM dead_letter"), "7");
    EXPECT_TRUE(store::check_file(options.path)->good());
}

TEST_F(ChangeNotes, ADeadLetterMayBeAboutNoCall) {
    open();
    auto letter = dead_letter(1, "audit/site-1:x:1");
    letter.call = {};
    write(letter);
    EXPECT_FALSE(call(1)) << "no call comes into being";
    close();
    EXPECT_EQ(sql(options.path, "SELECT count(*) FROM dead_letter WHERE call IS NULL"), "1");
}

}  // namespace
}  // namespace holdfast::test
