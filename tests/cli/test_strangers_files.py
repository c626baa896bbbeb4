"""What teams' files really say, through the command line: the value that is right for each."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from command_line import Run, assert_refused


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")


def test_a_pool_of_two_files_is_watched_file_by_file(atlasmix: Run, tmp_path: Path) -> None:
    """Seventeen passes over one file and none over the other were four over the pool."""
    assert (
        atlasmix("solve", "--target", "cat", "--budget", "100B", "--output", "r.yaml").status == 0
    )
    write(
        tmp_path,
        paths_yaml="cat.human.hplt-v4: {/d/cat/part-0_text_document: 5B, "
        "/d/cat/part-1_text_document: 16.3B}\nspa.human.hplt-v4: /d/spa_text_document\n",
        wrong_csv="source,tokens\n/d/cat/part-0,85.03B\n/d/cat/part-1,0\n/d/spa,14.96B\n",
        right_csv="source,tokens\n/d/cat/part-0,19.96B\n/d/cat/part-1,65.08B\n/d/spa,14.97B\n",
    )
    done = atlasmix(*["export", "r.yaml", "--to", "megatron", "--paths", "paths.yaml", "-o", "out"])
    assert done.status == 0, done.err
    words = "verify-run r.yaml --mapping out/expected.json --json --log"
    wrong = atlasmix(*words.split(), "wrong.csv")
    assert wrong.status == 1
    files = {one["name"]: one for one in json.loads(wrong.out)["pools"]}
    assert files["/d/cat/part-0"]["epochs"] == pytest.approx(17, rel=0.01)
    assert files["/d/cat/part-1"]["verdict"] == "not read"
    assert atlasmix(*words.split(), "right.csv").status == 0
    said = atlasmix("verify-run", "r.yaml", "--log", "right.csv")
    assert said.status == 1
    assert "give the expected.json of its export" in " ".join(said.out.split())


def test_all_paths_of_a_source_count(atlasmix: Run, tmp_path: Path) -> None:
    write(
        tmp_path,
        mix_yaml="sources:\n- {source_name: cat_Latn, target_ratio: 0.5, max_repetition_ratio: 2, "
        "paths: [b/cat/part-0.npy, b/cat/part-1.npy]}\n"
        "- {source_name: spa_Latn, target_ratio: 0.5, paths: [b/spa.npy]}\n",
        c_csv="prefix,tokens\nb/cat/part-0.npy,1e9\nb/cat/part-1.npy,9e9\nb/spa.npy,1e11\n",
    )
    words = "lint mix.yaml --from olmo-core --counts c.csv --budget 10B --no-solve --strict --json"
    done = atlasmix(*words.split())
    assert done.status == 0
    rows = {row["language"]: row for row in json.loads(done.out)["rows"]}
    assert (rows["cat"]["epochs"], rows["cat"]["unique_tokens"]) == (0.5, 1e10)


def test_files_of_one_pool_are_told_apart(atlasmix: Run, tmp_path: Path) -> None:
    write(
        tmp_path,
        one_txt="0.9 /d/cat_Latn/a\n0.1 /d/cat_Latn/b\n",
        two_txt="0.1 /d/cat_Latn/a\n0.9 /d/cat_Latn/b\n",
        c_csv="prefix,tokens\nd/cat_Latn/a,1B\nd/cat_Latn/b,99B\n",
    )
    for name in ("one", "two"):
        words = f"import {name}.txt --from megatron --counts c.csv --budget 20B -o {name}.yaml"
        done = atlasmix(*words.split(), "--pattern", "{language}_{script}/*")
        assert done.status == 0, done.err
    card = atlasmix("cards", "one.yaml", "--to", "eu-summary").out
    assert "| Distinct tokens read | 3,000,000,000 (3B) |" in card
    differ = atlasmix("compare", "one.yaml", "two.yaml").out
    assert "The same proportions" not in differ
    assert "80.0% of the tokens go to other files" in differ
    assert "10B<n<100B" in atlasmix("cards", "one.yaml", "--to", "huggingface").out


def test_parallel_text_names_both_languages(atlasmix: Run, tmp_path: Path) -> None:
    write(tmp_path, mix_txt="1 opus/de-fr\n1 opus/es-en\n2 wikipedia/als\n")
    done = atlasmix(
        *["import", "mix.txt", "--from", "megatron", "--json", "--pattern"], "{corpus}/{language}"
    )
    mixture = json.loads(done.out)
    assert mixture["proportions"] == {"gsw": 0.5}
    assert {one["name"] for one in mixture["other"]} == {
        "parallel.deu-fra.opus",
        "parallel.spa-eng.opus",
    }


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("de-fr,human,opus,5B,t,counted", "is a pair of languages, German (deu) and French (fra)"),
        (
            "pt-br,human,opus,5B,t,counted",
            "is a pair of languages, Portuguese (por) and Breton (bre)",
        ),
        ("es-qq,human,ours,5B,t,counted", "no region 'QQ'"),
        ("cat,human,ours,1234,billions,counted", "unit 'billions' is a factor"),
        ('cat,human,ours,"1,5e9",t,counted', "decimals take a point"),
    ],
)
def test_an_inventory_refuses_what_it_would_misread(
    atlasmix: Run, tmp_path: Path, row: str, said: str
) -> None:
    head = "language,provenance,corpus,unique_tokens,unit,obtained"
    write(tmp_path, pools_csv=f"{head}\n{row}\n", card_yaml="title: t\nsource: s\nlicence: l\n")
    assert_refused(
        atlasmix(*["inventory", "add", "pools.csv", "--card", "card.yaml", "--name", "x"]), said
    )


def test_the_unit_may_stand_on_the_card_and_columns_have_other_names(
    atlasmix: Run, tmp_path: Path
) -> None:
    write(
        tmp_path,
        pools_csv=",Lang,provenance,corpus,Tok,obtained\n0,als,human,wikipedia,1.5B,counted\n",
        card_yaml="title: t\nsource: s\nlicence: l\nunit: Gemma 3 tokens\n",
    )
    words = "inventory add pools.csv --card card.yaml --name x --column language=Lang"
    done = atlasmix(*words.split(), "--column", "unique_tokens=tok")
    assert done.status == 0, done.err
    (pool,) = json.loads(atlasmix("inventory", "show", "x", "--json").out)["pools"]
    assert (pool["language"], pool["unique_tokens"], pool["unit"]) == (
        "gsw",
        1.5e9,
        "Gemma 3 tokens",
    )


def test_a_strangers_transfer_table_goes_on_the_shelf(atlasmix: Run, tmp_path: Path) -> None:
    write(tmp_path, t_csv=",lang_train,lang_pred,seed,score\n0,de,fr,1,0.3\n1,fr,de,1,0.2\n")
    add = "matrices add t.csv --name x --column source=lang_train --column target=lang_pred"
    done = atlasmix("matrices", "add", "t.csv", "--new-card", "card.yaml")
    assert done.status == 0, done.err
    assert_refused(atlasmix(*add.split(), "--card", "card.yaml"), "source: missing")
    assert_refused(
        atlasmix("matrices", "add", "t.csv", "--new-card", "card.yaml"), "is there already"
    )
    filled = "".join(
        f"{key}: {value}\n"
        for key, value in {
            **{"title": "t", "metric": "BTS", "orientation": "source to target"},
            **{"status": "measured", "stderr": "{measured: 0.05}", "source": "s", "licence": "l"},
        }.items()
    )
    write(tmp_path, card_yaml=filled)
    assert atlasmix(*add.split(), "--card", "card.yaml").status == 0
    shown = atlasmix("matrices", "show", "x", "--target", "fra").out
    assert "German" in shown
    empty = "source,cat\n"
    write(tmp_path, t_csv=empty)
    done = atlasmix(*["matrices", "add", "t.csv", "--name", "y", "--card", "card.yaml"])
    assert_refused(done, "fault")


def test_levanters_largest_block_is_65535(atlasmix: Run, tmp_path: Path) -> None:
    write(tmp_path, mix_txt="0.999979 /d/cat_Latn\n0.000021 /d/spa_Latn\n")
    words = "lint mix.txt --from megatron --no-solve --all --block"
    advised = " ".join(atlasmix(*words.split(), "32768").out.split())
    assert "mixture_block_size 47,620 draws every source" in advised
    assert (
        "Levanter"
        not in atlasmix(*words.split(), "49152").out.partition("Notes")[2].split("MaxText")[0]
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize(
    "words",
    [
        "import PIPE --from megatron",
        "lint PIPE --no-solve",
        "import mix.txt --from megatron --counts PIPE",
        "import mix.txt --from megatron --mapping PIPE",
        "verify-run PIPE --log mix.txt",
        "check PIPE",
        "compare PIPE salamandra-7b",
        "export PIPE --to megatron -o out",
        "laws add PIPE",
        "laws show PIPE.yaml",
        "solve --target cat --law PIPE.yaml",
        "audit mix.txt --tokenizer PIPE",
        "matrices add mix.txt --card PIPE",
    ],
)
def test_a_named_pipe_is_refused_and_not_waited_for(
    atlasmix: Run, tmp_path: Path, words: str
) -> None:
    os.mkfifo(tmp_path / ("PIPE.yaml" if "PIPE.yaml" in words else "PIPE"))
    write(tmp_path, mix_txt="1 /d/cat_Latn\n")
    assert_refused(atlasmix(*words.split()), "is no plain file")


@pytest.mark.parametrize(
    ("words", "said", "status"),
    [
        (["import", "mix.txt", "--from", "megatron", "-o", ""], "--output is empty", 2),
        (["cards", "mix.txt", "--to", "prov", "-o", ""], "--output is empty", 2),
        (["import", "mix.txt", "--from", "megatron", "-o", "folder"], "it is a folder", 1),
        (["export", "mix.txt", "--to", "megatron", "-o", "out.yaml"], "looks like a file", 1),
    ],
)
def test_an_output_that_is_no_place_for_it(
    atlasmix: Run, tmp_path: Path, words: list[str], said: str, status: int
) -> None:
    (tmp_path / "folder").mkdir()
    write(tmp_path, mix_txt="1 /d/cat_Latn\n")
    assert_refused(atlasmix(*words), said, status)
    assert not (tmp_path / "out.yaml").exists()
