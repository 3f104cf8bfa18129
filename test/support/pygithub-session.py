"""Works at a GitHub as its PyGithub users do, and prints what it saw as JSON. Arguments: API address, two tokens."""
import json
import sys

from github import Github, GithubException

base_url, token, other_token = sys.argv[1:]
alice = Github(login_or_token=token, base_url=base_url)
olivia = Github(login_or_token=other_token, base_url=base_url)
seen = {"login": alice.get_user().login}

repo = alice.get_repo("acme/open")
seen["repository"] = [repo.id, repo.private, repo.permissions.push]

main = repo.get_branch("main").commit.sha
repo.create_git_ref("refs/heads/by-python", main)
made = repo.create_file("python/a.txt", "Write a", "one\n", branch="by-python")
repo.update_file("python/a.txt", "Change a", "two\n", made["content"].sha, branch="by-python")
text = repo.get_contents("python/a.txt", ref="by-python").decoded_content.decode()

pull = repo.create_pull(title="By Python", body="Please", head="by-python", base="main")
pull.create_issue_comment("A word")
pull.add_to_labels("python")
review = olivia.get_repo("acme/open").get_pull(pull.number).create_review(event="APPROVE")
seen["text"] = text
seen["files"] = [(file.filename, file.status) for file in pull.get_files()]
seen["commits"] = [commit.commit.message for commit in pull.get_commits()]
seen["reviews"] = [(each.user.login, each.state) for each in pull.get_reviews()]
seen["comments"] = [comment.body for comment in pull.get_issue_comments()]
seen["labels"] = [label.name for label in pull.get_labels()]
seen["review"] = review.state

try:
    pull.create_review(event="APPROVE")
except GithubException as refused:
    seen["own approval"] = refused.status
try:
    repo.get_contents("nowhere.txt")
except GithubException as refused:
    seen["missing"] = refused.status

merged = pull.merge(merge_method="squash")
seen["merged"] = [merged.merged, repo.get_pull(pull.number).merged]
seen["open"] = [each.number for each in repo.get_pulls(state="open")]

issue = repo.create_issue("Many words")
for index in range(35):
    issue.create_comment(f"word {index}")
seen["words"] = [comment.body for comment in issue.get_comments()]
issue.edit(state="closed")
seen["closed"] = repo.get_issue(issue.number).state
seen["writers"] = sorted(user.login for user in repo.get_collaborators() if user.permissions.push)
seen["limit"] = alice.get_rate_limit().core.limit
repo.get_git_ref("heads/by-python").delete()
print(json.dumps(seen))
