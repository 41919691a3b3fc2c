// The site's own files: conf.d beside holdfast.yaml, each laid over those before it.
#include "support.hpp"

#include <unistd.h>

namespace holdfast::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

class SiteFiles : public testing::Test {
  protected:
    SiteFiles() {
        main("");
        std::filesystem::create_directory(folder_.path("conf.d"));
        folder_.write("i.txt", "Be calm.\n");
        site("00-base.yaml", plain_listener() + "openai: {instructions_file: " + folder_.path("i.txt") + "}\n");
    }
    std::string main(const std::string& text) { return folder_.write("holdfast.yaml", text, 0644); }
    std::string site(const std::string& name, const std::string& text, mode_t mode = 0644) {
        return folder_.write("conf.d/" + name, text, mode);
    }
    std::vector<std::string> load() {
        result_ = load_file(folder_.path("holdfast.yaml"), with_secrets());
        return problems(result_);
    }

    TemporaryFolder folder_;
    LoadResult result_;
};

TEST_F(SiteFiles, AreReadAfterTheFileBesideThemInByteOrderOfTheirNames) {
    main("site: {id: from-main}\nopenai: {voice: ash}\n");
    const auto ten = site("10-site.yaml", "site: {id: from-ten}\nmedia: {max_calls: 7}\n");
    const auto nine = site("9-late.yaml", "media: {max_calls: 9}\n");
    const auto upper = site("B.yaml", "person: {timeout_s: 11}\n");
    const auto lower = site("a.yaml", "person: {timeout_s: 12}\n");
    ASSERT_THAT(load(), IsEmpty());
    EXPECT_THAT(result_.files, ElementsAre(folder_.path("holdfast.yaml"), folder_.path("conf.d/00-base.yaml"), ten, nine, upper, lower));
    EXPECT_EQ(result_.config->site.id, "from-ten");
    EXPECT_EQ(result_.config->openai.voice, "ash") << "nobody else set it";
    EXPECT_EQ(result_.config->media.max_calls, 9) << "10 comes before 9";
    EXPECT_EQ(result_.config->person.timeout, seconds(12)) << "upper case comes before lower case";
}

TEST_F(SiteFiles, WinKeyByKeyAndListsAsAWhole) {
    main("openai: {voice: ash, turn_detection: {threshold: 0.6, prefix_padding_ms: 200}}\n"
         "ladder: {rungs: [openai, scripted, canned, person]}\n");
    site("10.yaml", "openai: {turn_detection: {threshold: 0.8}}\nladder: {rungs: [canned, person]}\n");
    ASSERT_THAT(load(), IsEmpty());
    EXPECT_EQ(result_.config->openai.voice, "ash");
    EXPECT_EQ(result_.config->openai.turn_detection.threshold, 0.8);
    EXPECT_EQ(result_.config->openai.turn_detection.prefix_padding_ms, 200);
    EXPECT_THAT(result_.config->ladder.rungs, ElementsAre("canned", "person"));
}

TEST_F(SiteFiles, OnlyWhatEndsInYamlAndIsNotHiddenIsRead) {
    for (const char* name : {"10-site.yaml~", "10-site.yaml.dpkg-old", ".10-site.yaml", ".#10-site.yaml", "10-site.yml", "README", ".yaml"})
        site(name, "not: [yaml");
    ASSERT_THAT(load(), IsEmpty());
    EXPECT_EQ(result_.files.size(), 2u);
}

TEST_F(SiteFiles, OneFileMayNotSetAKeyTwice) {
    site("10.yaml", "site: {id: a}\nmedia: {max_calls: 1}\nsite: {id: b}\n");
    EXPECT_THAT(load(), ElementsAre(folder_.path("conf.d/10.yaml") + ":3:1: site: stands here a second time (expected once; the first is in line 1)"));
}

TEST_F(SiteFiles, EachProblemNamesItsFileAndTheyComeFileByFile) {
    main("media: {max_calls: 0}\nsight: {}\n");
    site("10.yaml", "\nsite: {id: \"\"}\nbad: 1\n");
    site("20.yaml", "log: {level: loud}\n");
    EXPECT_THAT(load(), ElementsAre(HasSubstr("/holdfast.yaml:1:20: media.max_calls: out of range"), HasSubstr("/holdfast.yaml:2:1: sight: unknown key"),
                                    HasSubstr("/conf.d/10.yaml:2:12: site.id: empty"), HasSubstr("/conf.d/10.yaml:3:1: bad: unknown key"),
                                    HasSubstr("/conf.d/20.yaml:1:14: log.level: not one of")));
    EXPECT_FALSE(result_.config);
}

TEST_F(SiteFiles, ARuleBetweenKeysPointsToWhereTheKeyWasSetLast) {
    main("openai: {ping_interval_ms: 100, ping_timeout_ms: 400}\n");
    site("10.yaml", "\nopenai: {ping_timeout_ms: 300}\n");
    site("20.yaml", "openai: {ping_interval_ms: 500}\n");
    EXPECT_THAT(load(), ElementsAre(HasSubstr("/conf.d/10.yaml:2:27: openai.ping_timeout_ms: shorter than openai.ping_interval_ms")));
}

TEST_F(SiteFiles, AValueThatALaterFileReplacesMustBeRightAllTheSame) {
    main("media: {max_calls: many}\n");
    site("10.yaml", "media: {max_calls: 5}\n");
    EXPECT_THAT(load(), ElementsAre(HasSubstr("/holdfast.yaml:1:20: media.max_calls: not an integer")));
}

TEST_F(SiteFiles, RulesBetweenKeysWaitUntilEveryFileCanBeRead) {
    std::filesystem::remove(folder_.path("conf.d/00-base.yaml"));  // so that a certificate and a person are missing
    site("10.yaml", "listen: [\n");
    main("sight: 1\n");
    EXPECT_THAT(load(), ElementsAre(HasSubstr("/holdfast.yaml:1:1: sight: unknown key"), HasSubstr("/conf.d/10.yaml:2:1: not YAML")));
}

TEST_F(SiteFiles, NoFolderIsFine) {
    std::filesystem::rename(folder_.path("conf.d/00-base.yaml"), folder_.path("holdfast.yaml"));
    std::filesystem::remove(folder_.path("conf.d"));
    ASSERT_THAT(load(), IsEmpty());
    EXPECT_THAT(result_.files, ElementsAre(folder_.path("holdfast.yaml")));
}

TEST_F(SiteFiles, TheFolderBelongsToTheFileWhereverItIsNamedFrom) {
    const std::string before = std::filesystem::current_path();
    std::filesystem::current_path(folder_.path());
    result_ = load_file("holdfast.yaml", with_secrets());
    std::filesystem::current_path(before);
    EXPECT_THAT(result_.files, ElementsAre("holdfast.yaml", "conf.d/00-base.yaml"));
    EXPECT_THAT(problems(result_), IsEmpty());
}

TEST_F(SiteFiles, TheFolderMustBeOneThatOnlyWeCanWrite) {
    ::chmod(folder_.path("conf.d").c_str(), 0777);
    EXPECT_THAT(load(), ElementsAre(AllOf(HasSubstr("/conf.d: "), HasSubstr("everybody may write to the folder"))));
    std::filesystem::remove_all(folder_.path("conf.d"));
    folder_.write("conf.d", "");
    EXPECT_THAT(load(), ElementsAre(HasSubstr("/conf.d: is not a folder")));
}

TEST_F(SiteFiles, AFolderThatCannotBeReadIsAProblem) {
    // A link that leads to itself: unreadable for root, too.
    std::filesystem::remove_all(folder_.path("conf.d"));
    std::filesystem::create_symlink("conf.d", folder_.path("conf.d"));
    EXPECT_THAT(load(), ElementsAre(HasSubstr("/conf.d: cannot be read: ")));
}

TEST_F(SiteFiles, EachMustBeARegularFileThatNotEverybodyMayWrite) {
    std::filesystem::create_directory(folder_.path("conf.d/10.yaml"));
    site("20.yaml", "", 0666);
    ASSERT_EQ(::mkfifo(folder_.path("conf.d/30.yaml").c_str(), 0600), 0);
    EXPECT_THAT(load(), ElementsAre(HasSubstr("10.yaml: is not a regular file"), HasSubstr("20.yaml: everybody may write to the file"),
                                    HasSubstr("30.yaml: is not a regular file")));
    EXPECT_EQ(result_.files.size(), 2u);
}

TEST_F(SiteFiles, OneThatIsGoneWhenItIsReadIsAProblem) {
    // What a listing shows and opening does not find.
    std::filesystem::create_symlink(folder_.path("gone"), folder_.path("conf.d/10.yaml"));
    EXPECT_THAT(load(), ElementsAre(EndsWith("/conf.d/10.yaml: there is no such file (expected a readable configuration file)")));
}

TEST_F(SiteFiles, ALinkToAFileElsewhereIsFollowed) {
    std::filesystem::create_symlink(folder_.write("elsewhere", "site: {id: linked}\n"), folder_.path("conf.d/10.yaml"));
    ASSERT_THAT(load(), IsEmpty());
    EXPECT_EQ(result_.config->site.id, "linked");
}

TEST_F(SiteFiles, TheirNumberAndTheirSizeAreBounded) {
    for (std::size_t i = 1; i < k_site_files_max; ++i) site("n" + std::to_string(i) + ".yaml", "");
    EXPECT_THAT(load(), IsEmpty());
    site("one-more.yaml", "");
    EXPECT_THAT(load(), ElementsAre(HasSubstr("/conf.d: too many files (expected at most 64 *.yaml)")));
    std::filesystem::remove_all(folder_.path("conf.d"));
    std::filesystem::create_directory(folder_.path("conf.d"));
    site("10.yaml", std::string(k_file_bytes_max / 2, '#'));
    site("20.yaml", std::string(k_file_bytes_max / 2 + 1, '#'));
    EXPECT_THAT(load(), ElementsAre(HasSubstr("/conf.d/20.yaml: with the files before it that is too much (expected at most 1 MiB in all)")));
}

TEST_F(SiteFiles, ANameThatWouldBreakALineIsRefused) {
    site("a\nb.yaml", "");
    EXPECT_THAT(load(), ElementsAre(HasSubstr("/conf.d: the name of a file in it is not printable")));
}

}  // namespace
}  // namespace holdfast::config
