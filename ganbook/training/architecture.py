"""What networks are made of, in words: to tell whether a checkpoint's weights belong to the networks of today."""

from torch import nn

from ganbook.base.description import described

Architecture = dict[str, dict[str, str]]  # name of a module -> its class, its settings and the shapes of its weights


def architecture(network: nn.Module) -> Architecture:
    """Return, for every module of `network`, its class, its attributes and the shapes of its own weights.

    Two networks that agree in all of it have the same layers with the same slopes, rates of dropout and strides.
    What `forward` does beyond its layers and attributes, no description can tell.
    """
    return {
        name: {
            "class": type(module).__name__,
            **{key: described(value) for key, value in vars(module).items() if key[0] != "_" and key != "training"},
            **{key: f"weights {tuple(p.shape)}" for key, p in module.named_parameters(recurse=False)},
        }
        for name, module in network.named_modules()
    }


def differences(then: Architecture, now: Architecture) -> list[str]:
    """Return what differs, each in a few words that begin with the name of the module.

    An attribute that only one of the two has does not count: versions of PyTorch add attributes to layers.
    """
    found = [f"{name or 'the network'} is gone" for name in then if name not in now]
    found += [f"{name or 'the network'} is new" for name in now if name not in then]
    for name in then:
        shared = [key for key in then[name] if key in now.get(name, {})]
        changed = [key for key in shared if then[name][key] != now[name][key]]
        if "class" in changed:
            found.append(f"{name or 'the network'} was {then[name]['class']} and is {now[name]['class']}")
        else:
            dotted = f"{name}." if name else ""
            found += [f"{dotted}{key} was {then[name][key]} and is {now[name][key]}" for key in changed]
    return found
