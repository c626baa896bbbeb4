"""Tables as teams have them: every shape is read right, or refused with its rows."""

import numpy as np
import pytest

from atlasmix.errors import DataError, ProblemError
from atlasmix.fitting.tables import Reading, parse_filter, read_runs
from atlasmix.io.tables import read_rows

HEAD = "params,tokens,unique_tokens,loss"
GOOD = [
    "100M,2e9,2e9,3.6",
    "300M,2e10,1e10,3.0",
    "1B,2e10,5e9,2.8",
    "3B,60B,60B,2.5",
]


def read(lines, head=HEAD, **how):
    return read_runs(read_rows("\n".join([head, *lines]).encode(), "runs.csv"), Reading(**how))


def faults(lines, head=HEAD, **how):
    with pytest.raises(DataError) as raised:
        read(lines, head, **how)
    return str(raised.value)


def test_numbers_as_people_write_them():
    runs = read(GOOD)
    assert runs.params.tolist() == [1e8, 3e8, 1e9, 3e9]
    assert runs.epochs.tolist() == [1.0, 2.0, 4.0, 1.0]
    assert runs.rows.tolist() == [2, 3, 4, 5]
    assert runs.compute[0] == 6 * 1e8 * 2e9


@pytest.mark.parametrize(
    ("head", "row", "params", "tokens", "loss"),
    [
        ("n_params,training_tokens,val_loss", "1e8,2e9,3.1", 1e8, 2e9, 3.1),
        ("N,D,validation/loss", "1e8,2e9,3.1", 1e8, 2e9, 3.1),
        ("config.n_params,config.tokens,summary/eval_loss", "1e8,2e9,3.1", 1e8, 2e9, 3.1),
        ("params (M),tokens_b,loss", "100,2,3.1", 1e8, 2e9, 3.1),
        ("params_in_millions,Tokens (billions),loss", "100,2,3.1", 1e8, 2e9, 3.1),
        ("params (M),tokens_b,loss", "100M,2B,3.1", 1e8, 2e9, 3.1),
        ("params,tokens,loss", '"100,000,000",2_000_000_000,3.1', 1e8, 2e9, 3.1),
        ("params,flops,loss", "1e8,1.2e18,3.1", 1e8, 2e9, 3.1),
        ("tokens,flops,loss", "2e9,1.2e18,3.1", 1e8, 2e9, 3.1),
        ("params,tokens,val_ppl", "1e8,2e9,20.085536923187668", 1e8, 2e9, 3.0),
    ],
)
def test_columns_by_their_usual_names(head, row, params, tokens, loss):
    runs = read([row], head)
    assert (runs.params[0], runs.tokens[0]) == pytest.approx((params, tokens))
    assert runs.loss[0] == pytest.approx(loss)


def test_columns_that_are_named():
    runs = read(
        ["0.1,2,3.1"],
        "size,D,c4/val",
        columns=(("params", "size:B"), ("tokens", "D:B"), ("loss", "c4/val")),
    )
    assert (runs.params[0], runs.tokens[0], runs.loss[0]) == (1e8, 2e9, 3.1)
    assert runs.notes[0] == "read params from size (x 1e+09), tokens from D (x 1e+09), " + (
        "loss from c4/val"
    )


def test_losses_that_no_model_has_are_refused_in_every_row_as_in_one():
    # Perplexities in a column called loss would otherwise be fitted as nats.
    every = faults(["1e8,2e9,45", "1e9,2e10,21"], "params,tokens,loss")
    assert "21 to 45 in every row" in every
    assert "perplexity" in every
    assert "where others have about 3" in faults(["1e8,2e9,45", "1e9,2e10,3"], "params,tokens,loss")


def test_perplexity_and_bits_say_what_they_are():
    assert "natural logarithm" in " ".join(read(["1e8,2e9,20"], "params,tokens,ppl").notes)
    assert read(["1e8,2e9,20"], "params,tokens,loss", unit="perplexity").unit == "nats per token"
    assert read(["1e8,2e9,0.9"], "params,tokens,val_bpb").unit == "bits per byte"
    assert read(["1e8,2e9,0.9"], "params,tokens,loss", unit="bits").unit == "bits"


def test_parameters_without_embeddings_are_never_taken_silently():
    head = "n_params_no_embed,tokens,loss"
    assert "perhaps n_params_no_embed" in faults(["1e8,2e9,3"], head)
    runs = read(["1e8,2e9,3"], head, columns=(("params", "n_params_no_embed"),))
    assert "without embeddings" in " ".join(runs.notes)


def test_missing_unique_tokens_mean_one_epoch():
    runs = read(["1e8,2e9,3", "1e9,2e9,2.9"], "params,tokens,loss")
    assert runs.epochs.tolist() == [1.0, 1.0]
    assert "one epoch" in " ".join(runs.notes)
    half = read(["1e8,2e9,,3", "1e9,2e9,1e9,2.9"])
    assert half.epochs.tolist() == [1.0, 2.0]
    counted = read(["1e8,2e9,4,3", "1e9,2e9,0.5,2.9"], "params,tokens,epochs,loss")
    assert counted.unique.tolist() == [5e8, 2e9]


def test_text_that_was_there_but_not_read():
    lines = [*GOOD, "1B,2e9,1e11,3.3"]
    assert "row 6: tokens below unique tokens (row 6: 2B read, 100B unique)" in faults(lines)
    runs = read(lines, clip_unique=True)
    assert runs.unique[-1] == 2e9
    assert "row 6" in " ".join(runs.notes)


def test_tables_that_round_are_not_refused():
    assert read(["1e8,1.99e9,2e9,3"]).epochs[0] == 1.0


def test_the_same_row_twice_counts_once():
    runs = read([*GOOD, GOOD[1]])
    assert runs.count == 4
    assert "row 6: the same numbers as an earlier row" in " ".join(runs.notes)
    named = [f"a,{GOOD[0]}", f"b,{GOOD[0]}", f"b,{GOOD[0]}"]
    assert read(named, f"run,{HEAD}").count == 2


def test_checkpoints_of_one_run_stay_together():
    lines = ["a,1e8,1e9,1e9,3.9", "a,1e8,2e9,2e9,3.5", "b,1e9,1e9,1e9,3.4", "b,1e9,3e9,3e9,3"]
    runs = read(lines, f"run,{HEAD}")
    assert runs.runs.tolist() == [0, 0, 1, 1]
    last = read(lines, f"run,{HEAD}", last_checkpoint=True)
    assert last.rows.tolist() == [3, 5]
    # The last row of a run that diverged is not replaced by an earlier one.
    diverged = [*lines, "b,1e9,4e9,4e9,nan"]
    assert read(diverged, f"run,{HEAD}", last_checkpoint=True, drop_incomplete=True).count == 1
    with pytest.raises(DataError, match="a column that names the run"):
        read(GOOD, last_checkpoint=True)


def test_rows_are_chosen_by_their_cells():
    lines = [f"{kind},{row}" for kind, row in zip(("c4", "c4", "rpj", "rpj"), GOOD, strict=True)]
    head = f"data,{HEAD}"
    assert read(lines, head, where=(parse_filter("data=c4"),)).count == 2
    assert read(lines, head, where=(parse_filter("loss<3"), parse_filter("data!=c4"))).count == 2
    assert read(lines, head, where=(parse_filter("loss>=3"),)).rows.tolist() == [2, 3]
    with pytest.raises(DataError, match="no row has data=pile: there are c4, rpj"):
        read(lines, head, where=(parse_filter("data=pile"),))
    with pytest.raises(DataError, match="did you mean data"):
        read(lines, head, where=(parse_filter("dat=c4"),))
    with pytest.raises(ProblemError, match="expected COLUMN=VALUE"):
        parse_filter("data")


def test_diverged_runs_are_left_out_where_asked():
    lines = [*GOOD, "1B,2e9,2e9,nan", "1B,3e9,3e9,", "1B,,,2.9"]
    said = faults(lines)
    assert "rows 6, 7: loss is" in said
    assert "row 8: tokens is empty" in said
    assert "or drop incomplete ones" in said
    runs = read(lines, drop_incomplete=True)
    assert runs.count == 4
    assert "rows 6-8: no finite loss, params or tokens; left out" in " ".join(runs.notes)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1B,2e9,2e9,-2.9", "row 6: loss is -2.9: expected a number above 0"),
        ("1B,2e9,2e9,0", "row 6: loss is 0: expected a number above 0"),
        ("-1B,2e9,2e9,2.9", "row 6: params is '-1B': expected a number"),
        ("-1,2e9,2e9,2.9", "row 6: params is -1"),
        ("1B,2e9,2e9,NaN", "row 6: loss is NaN"),
        ("1B,2e9,2e9,inf", "row 6: loss is inf"),
        ("1B,2e9,2e9,three", "row 6: loss is 'three'"),
        ('1B,2e9,2e9,"3,1"', "row 6: loss is '3,1'"),
        ("1B,2e9,nan,3.1", "row 6: unique_tokens is nan"),
        ("1B,2e9,0,3.1", "row 6: unique_tokens is 0"),
        ("1B,2e9,2e9,23.4", "row 6: loss is 23.4 where others have about"),
        ("1.3,2e9,2e9,2.9", "row 6: params is 1.3 where others have about"),
        ("1B,20,20,2.9", "row 6: tokens is 20 where others have about"),
        ("1B,2e9", "row 6: fewer cells than the header"),
        ("1B,2e40,2e9,2.9", "row 6: tokens is 2e+40: taken for a slip"),
    ],
)
def test_a_bad_row_is_named(row, said):
    assert said in faults([*GOOD, row])


def test_all_faults_are_named_at_once():
    said = faults([*GOOD, "1B,2e9,2e9,-1", "0,2e9,2e9,2.9", "1B,x,2e9,2.9", "1B,2e9,2e9,-2"])
    assert "has 3 faults" in said
    assert "rows 6, 9: loss is -1, -2" in said


def test_a_table_in_billions_without_saying_so():
    said = faults(["0.1,2,3.6", "1,20,2.9"], "params,tokens,loss")
    assert "say column params=params:B" in said
    assert "say column tokens=tokens:B" in said


def with_flops(factor):
    runs = ((1e8, 2e9, 3.6), (3e8, 2e10, 3.0), (1e9, 2e10, 2.8))
    return [f"{n},{d},{6 * n * d * factor},{loss}" for n, d, loss in runs]


@pytest.mark.parametrize("factor", [1000, 2, 0.5, 1e-3])
def test_compute_that_contradicts_the_counts_in_every_row(factor):
    """A column that is a thousand times 6ND throughout agreed with its own median."""
    said = faults(with_flops(factor), "params,tokens,flops,loss")
    assert f"flops is about {factor:.3g} times 6·params·tokens in every row" in said


def test_compute_with_attention_is_no_contradiction():
    assert len(read(with_flops(1.3), "params,tokens,flops,loss").loss) == 3


def test_compute_that_contradicts_the_counts():
    lines = ["1e8,2e9,1.2e18,3.6", "3e8,2e10,3.6e19,3.0", "1e9,2e7,1.2e20,2.8"]
    said = faults(lines, "params,tokens,flops,loss")
    assert "row 4: flops is 1e+03 times 6·params·tokens" in said


@pytest.mark.parametrize(
    ("head", "how", "said"),
    [
        ("a,b,c", {}, "no column holds params: there are a, b, c; say column params=a"),
        ("params,tokens,c4_loss", {}, "no column holds loss: perhaps c4_loss"),
        ("params,tokens,val_loss,test_loss", {}, "loss could be val_loss or test_loss"),
        ("params,tokens,loss", {"columns": (("los", "loss"),)}, "did you mean loss?"),
        ("params,tokens,loss", {"columns": (("loss", "lss"),)}, "did you mean loss?"),
        ("params,tokens,loss", {"columns": (("tokens", "tokens:X"),)}, "no unit 'X'"),
        ("params,tokens,loss", {"law": "curse"}, "no column holds languages"),
    ],
)
def test_columns_that_are_not_clear(head, how, said):
    width = head.count(",") + 1
    assert said in faults([",".join(["1e9"] * width)], head, **how)


def test_an_empty_table():
    assert "no runs" in faults([])


def test_losses_of_several_languages_need_a_choice():
    lines = [
        f"{tongue},{row}" for tongue, row in zip(("ca", "ca", "es", "Spanish"), GOOD, strict=True)
    ]
    head = f"language,{HEAD}"
    assert "losses of 2 languages (cat, spa)" in faults(lines, head)
    runs = read(lines, head, target="español")
    assert (runs.count, runs.target) == (2, "spa")
    assert "no loss of fra" in faults(lines, head, target="fr")
    assert "row 2" in faults([f"klingonese,{GOOD[0]}"], head)


SOURCES = "params,tokens,tokens_ca,unique_tokens_ca,tokens_es,tokens:english,loss"


def test_tokens_by_language():
    runs = read(
        ["1e8,1e10,4e9,1e9,5e9,,3.2", "1e9,1e10,1e10,1e10,0,0,2.9"],
        SOURCES,
        law="atlas",
        target="Catalan",
    )
    assert runs.sources == ("spa", "other")
    assert runs.tokens.tolist() == [4e9, 1e10]
    assert runs.epochs.tolist() == [4.0, 1.0]
    assert runs.source_tokens.tolist() == [[5e9, 1e9], [0, 0]]
    assert runs.total.tolist() == [1e10, 1e10]
    assert len(np.unique(runs.mixtures)) == 2


def test_tokens_by_language_that_cannot_be():
    row = "1e8,1e9,4e9,1e9,5e9,,3.2"
    assert "row 2" in faults([row], SOURCES, law="atlas", target="cat")
    assert "does not say whose loss" in faults([row], SOURCES, law="atlas")
    assert "no column tokens_fra" in faults([row], SOURCES, law="atlas", target="fra")


def test_the_curse_counts_tokens_of_each_language():
    runs = read(["1e9,1e11,10,2.9"], "params,tokens,languages,loss", law="curse")
    assert (runs.tokens[0], runs.total[0], runs.languages[0]) == (1e10, 1e11, 10)
