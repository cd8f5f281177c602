"""Words of other implementations for the settings and choices of nst."""

import re

SETTINGS = {
    "content.image": "content_image content_img content_path content_file content_name content "
    "input input_image input_path",
    "content.image style.image": "image img picture photo",
    "content.mask": "mask content_seg content_segmentation",
    "style.image": "style_image style_img style_path style_file style_name style",
    "style.images": "style_images style_imgs style_paths styles",
    "style.weights": "style_weights style_blend_weights style_interpolation_weights style_imgs_weights",
    "style.masks": "style_mask style_masks style_seg",
    "style.scale": "style_scale style_size",
    "loss.content.weight": "content_weight content_loss_weight contentweight lambda_content alpha",
    "loss.style.weight": "style_weight style_loss_weight styleweight lambda_style beta",
    "loss.smooth.weight": "tv_weight tv total_variation total_variation_weight tv_strength lambda_tv "
    "smooth_weight smooth",
    "loss.content.layers": "content_layers content_layer",
    "loss.style.layers": "style_layers style_layer",
    "loss.style.layers loss.content.layers": "layers layer",
    "loss.style.layer_weights": "style_layer_weights layer_weights",
    "extractor": "model network net backbone arch architecture cnn encoder vgg weights",
    "extractor.pooling": "pooling pool pool_type",
    "extractor.padding": "padding",
    "optimizer.learning_rate": "lr learning_rate learningrate step_size optimizer_lr",
    "optimizer.history": "history_size lbfgs_num_correction optimizer_history_size",
    "steps": "iterations iteration iters iter num_iterations num_iters n_iter n_iters max_iter max_iterations niter "
    "num_steps n_steps max_steps epochs epoch num_epochs",
    "size": "image_size img_size imsize im_size width height max_size max_dim max_side resolution content_size "
    "output_size output_width end_scale",
    "seed": "random_seed rng_seed",
    "init": "init_type init_method initialization initial initialize",
    "init=image": "init_image init_img initial_image start_image",
    "color=luminance color=histogram": "original_colors original_color preserve_colors preserve_color keep_colors "
    "keep_color color_preserve luminance_transfer",
    "pyramid": "octaves scales num_octaves multiscale multi_scale num_scales",
    "output.folder": "output_path output_dir output_directory output_folder output_image output_file output_name "
    "outdir out_dir out outputs save_dir save_path result_dir results_dir",
    "output.formats": "output_format format image_format",
    "observers.snapshots.every": "save_iter save_every save_interval checkpoint_iterations saving_freq",
    "observers.console.every": "print_iter print_every log_every print_iterations verbose",
}
"""{settings, or overrides, separated by spaces: other words for them}."""

CHOICES = {
    "optimizer=lbfgs": "l_bfgs bfgs lbfgsb l_bfgs_b",
    "init=noise": "random rand gaussian gauss white_noise uniform",
    "init=content": "content_image photo",
    "color=luminance color=histogram": "keep keep_color keep_colors preserve preserve_color preserve_colors original "
    "original_color original_colors content true",
    "color=luminance": "luma lum lightness yuv ycbcr lab",
    "color=histogram": "match matching histogram_matching pca cholesky",
    "color=free": "style transfer none off false new",
    "extractor=vgg19": "vgg vgg_19 caffe",
    "extractor=vgg16": "vgg_16",
    "extractor=vgg19_slim": "slim small fast bundled",
    "pyramid=octaves": "multiscale multi_scale octave true",
    "pyramid=single": "none off false one",
    "loss/style=gram": "gatys gram_matrix",
    "loss/style=moments": "adain mean_std mean_variance statistics bn",
    "loss/style=sliced_wasserstein": "swd sliced sliced_w",
    "loss/style=mrf": "cnnmrf cnn_mrf patch patches",
    "loss/content=features": "mse l2 perceptual content",
    "loss/content=self_similarity": "strotss self_sim",
    "loss/smooth=total_variation": "tv tv_loss variation",
}
"""{overrides, separated by spaces: other words for their choices}."""

POINTERS = {word: settings.split() for settings, words in SETTINGS.items() for word in words.split()}


def setting(path: str) -> list[str]:
    """The settings or overrides that are meant by `path`, the name of a setting elsewhere; empty if unknown."""
    return POINTERS.get(_normal(path), [])


def choice(group: str, name: str) -> list[str]:
    """The overrides that are meant by `group=name`; empty if unknown."""
    return next(
        (to.split() for to, words in CHOICES.items() if to.startswith(f"{group}=") and _normal(name) in words.split()),
        [],
    )


def _normal(word: str) -> str:
    return re.sub(r"[\W_]+", "_", word).strip("_").lower()
