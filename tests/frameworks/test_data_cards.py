"""The cards read by the packages of their standards: mlcroissant, SPDX, prov, huggingface_hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from atlasmix.evidence.mixture_file import GivenMixture, GivenOther, GivenPool
from atlasmix.interop.cards.facts import CardFacts, CardOptions, facts_of_mixture, facts_of_recipe
from atlasmix.interop.cards.making import make_card
from atlasmix.recipe.file import load_recipe

RECIPE = Path(__file__).parents[1] / "interop" / "exporters" / "golden" / "recipe.yaml"
OPTIONS = CardOptions(date="2026-01-31", licence="CC-BY-4.0", url="https://example.org/mixture")


def imported() -> GivenMixture:
    pools = tuple(
        GivenPool(
            name=f"{key}.{kind}.web",
            language=key,
            provenance=kind,
            corpus="web",
            proportion=share,
        )
        for key, kind, share in (("nob", "human", 0.5), ("srp_Latn", "translated", 0.3))
    )
    origin = {"atlasmix": "0.1.0", "format": "megatron", "file": "mix.txt", "sha256": "0" * 64}
    other = (GivenOther(name="code, 10 % sample", proportion=0.2),)
    return GivenMixture("mine", None, pools, other, {**origin, "mapping": "", "counts": ""})


@pytest.fixture(params=["recipe", "mixture"])
def facts(request: pytest.FixtureRequest) -> CardFacts:
    if request.param == "recipe":
        return facts_of_recipe(load_recipe(RECIPE), "recipe.yaml", OPTIONS)
    return facts_of_mixture(imported(), OPTIONS)


def written(facts: CardFacts, form: str, folder: Path) -> Path:
    name = "README.md" if form == "huggingface" else "card.json"
    for file, text in make_card(facts, form, name).items():
        (folder / file).write_text(text, encoding="utf-8", newline="")
    return folder / name


def test_croissant_validates_and_its_records_are_the_pools(
    facts: CardFacts, tmp_path: Path
) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")
    dataset = mlcroissant.Dataset(jsonld=str(written(facts, "croissant", tmp_path)))
    issues = dataset.metadata.issues
    assert not issues.errors
    # A mixture has no version of its own; its hash is cited.
    assert all("version" in warning for warning in issues.warnings)
    assert str(dataset.metadata.ctx.conforms_to.value).endswith("/1.1")
    records = list(dataset.records("pools"))
    assert [one["pools/pool"].decode() for one in records] == [one.name for one in facts.pools]
    shares = [float(one["pools/proportion"]) for one in records]
    assert shares == pytest.approx([one.proportion for one in facts.pools])


def test_croissants_prov_terms_are_prov_o(facts: CardFacts, tmp_path: Path) -> None:
    rdflib = pytest.importorskip("rdflib")
    graph = rdflib.Graph().parse(str(written(facts, "croissant", tmp_path)), format="json-ld")
    prov = rdflib.Namespace("http://www.w3.org/ns/prov#")
    derived = {
        str(label)
        for _, _, one in graph.triples((None, prov.wasDerivedFrom, None))
        for label in graph.objects(one, prov.label)
    }
    assert derived == {corpus for corpus, _ in facts.corpora}
    made = list(graph.objects(None, prov.wasGeneratedBy))
    assert len(made) == 1
    assert (made[0], rdflib.RDF.type, prov.Activity) in graph


def test_spdx_reads_every_package_and_share(facts: CardFacts, tmp_path: Path) -> None:
    package = pytest.importorskip("spdx_python_model")
    model = package.v3_0_1
    objects = model.SHACLObjectSet()
    with written(facts, "spdx", tmp_path).open("rb") as file:
        model.JSONLDDeserializer().read(file, objects)
    assert not objects.missing_ids
    packages = list(objects.foreach_type(model.dataset_DatasetPackage, match_subclass=True))
    assert {one.name for one in packages} == {facts.name, *(name for name, _ in facts.corpora)}
    links = list(objects.foreach_type(model.Relationship, match_subclass=True))
    shares = [float(link.comment.rpartition(" ")[2]) for link in links]
    assert sum(shares) == pytest.approx(1, abs=1e-8)
    document = next(iter(objects.foreach_type(model.SpdxDocument, match_subclass=True)))
    assert document.rootElement[0].name == facts.name
    assert model.ProfileIdentifierType.dataset in document.profileConformance


def test_spdx_would_notice_a_wrong_word(facts: CardFacts, tmp_path: Path) -> None:
    package = pytest.importorskip("spdx_python_model")
    model = package.v3_0_1
    path = written(facts, "spdx", tmp_path)
    path.write_text(path.read_text().replace('"hasInput"', '"mixesIn"'))
    with path.open("rb") as file, pytest.raises(Exception, match="mixesIn"):
        model.JSONLDDeserializer().read(file, model.SHACLObjectSet())


def test_prov_goes_there_and_back(facts: CardFacts, tmp_path: Path) -> None:
    model = pytest.importorskip("prov.model")
    document = model.ProvDocument.deserialize(str(written(facts, "prov", tmp_path)), format="json")
    again = model.ProvDocument.deserialize(content=document.serialize(), format="json")
    assert document == again
    derivations = list(document.get_records(model.ProvDerivation))
    assert len(derivations) == len(facts.corpora)
    agents = list(document.get_records(model.ProvAgent))
    assert any("AtlasMix" in str(agent.label) for agent in agents)


def test_the_hub_reads_the_card_and_norwegian_stays_a_language(
    facts: CardFacts, tmp_path: Path
) -> None:
    hub = pytest.importorskip("huggingface_hub")
    card = hub.DatasetCard.load(written(facts, "huggingface", tmp_path))
    assert all(isinstance(code, str) for code in card.data.language)
    assert len(card.data.language) == len({key.partition("_")[0] for key, _ in facts.languages})
    kept = card.data.to_dict()["atlasmix"]
    assert kept["proportions"] == pytest.approx(dict(facts.languages))
    assert sum(kept["provenance"].values()) == pytest.approx(1)
    # Read and written again by the Hub's own library it is still the same.
    card.save(tmp_path / "again.md")
    assert hub.DatasetCard.load(tmp_path / "again.md").data.to_dict() == card.data.to_dict()
